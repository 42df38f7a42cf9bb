/**
 * What changed for the person who is signed in, in this window or another: whoever shows it loads it again.
 *
 * One stream for the whole page. Where the platform has none, or it breaks, pages go on asking by themselves as before.
 */

import { useEffect, useRef } from "preact/hooks";
import { openEvents } from "./api";
import { Problem } from "./problem";
import { whileSeen } from "./seen";
import { streamUrl } from "./state";
import { follow, pause } from "./stream";

export type Subject = "agent" | "execution" | "usage" | "conversation";
export interface Update {
  seq?: number;
  type: Subject;
  id: string;
}

/** Several changes within this many milliseconds are loaded once. */
const TOGETHER = 200;
const listeners = new Set<(update: Update | null) => void>();

/** Follows until `signal` says so. After a gap everybody loads again, since what happened within it is not told. */
export async function followUpdates(signal: AbortSignal): Promise<void> {
  const tell = (update: Update | null) => {
    for (const listener of listeners) listener(update);
  };
  let broken = false;
  const source = {
    open: (seq: number, closed: AbortSignal) =>
      openEvents("GET", `/api/updates/stream?after=${seq}`, streamUrl.value, { signal: closed }),
    pause,
  };
  const feed = {
    event: tell,
    state(state: string) {
      if (state === "live" && broken) tell(null);
      broken = state !== "live";
    },
  };
  try {
    await whileSeen((seen) => follow<Update>(source, 0, feed, seen), signal);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/** Calls `reload` soon after something of these kinds has changed. */
export function useUpdates(subjects: Subject[], reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  const kinds = subjects.join();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = (update: Update | null) => {
      if (update !== null && !kinds.split(",").includes(update.type)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, TOGETHER);
    };
    listeners.add(hear);
    return () => {
      listeners.delete(hear);
      clearTimeout(timer);
    };
  }, [kinds]);
}
