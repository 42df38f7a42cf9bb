/** Loading something for a component: what came, what went wrong, and how to ask again. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./problem";

const REFRESH = 3000;

export interface Loaded<T> {
  data: T | null;
  problem: Problem | null;
  reload: () => void;
  replace: (data: T) => void;
}

/** Loads once per `key` and on `reload`; what is shown stays while it loads again. Only the newest answer counts. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<{ key: string; data: T | null; problem: Problem | null }>({
    key,
    data: null,
    problem: null,
  });
  // `key` stands for all that `load` closes over.
  useEffect(() => {
    const abort = new AbortController();
    load(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ key, data, problem: null });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        setState((before) => ({ key, data: before.key === key ? before.data : null, problem: error }));
      },
    );
    return () => abort.abort();
  }, [key, turn]);
  const current = state.key === key ? state : { data: null, problem: null };
  return {
    data: current.data,
    problem: current.problem,
    reload: () => setTurn((before) => before + 1),
    replace: (data) => setState({ key, data, problem: null }),
  };
}

/** Loads again every few seconds while something runs and somebody looks. */
export function useRefresh(running: boolean, reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, REFRESH);
    return () => clearInterval(timer);
  }, [running]);
}
