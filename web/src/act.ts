/** A button's work: whether it is going on, and what went wrong with it. */

import { useState } from "preact/hooks";
import { Problem } from "./problem";

export interface Action {
  busy: boolean;
  problem: Problem | null;
  /** Does nothing while the last press is still at work. */
  start: (work: () => Promise<void>) => void;
  clear: () => void;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = (work: () => Promise<void>): void => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    work()
      .catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        setProblem(error);
      })
      .finally(() => setBusy(false));
  };
  return { busy, problem, start, clear: () => setProblem(null) };
}
