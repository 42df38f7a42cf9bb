/**
 * What changed for the person who is signed in, in this window or another: whoever shows it loads it again.
 *
 * One stream for all windows. Where the platform has none, or it breaks, pages go on asking by themselves as before.
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

function tell(update: Update | null): void {
  for (const listener of listeners) listener(update);
}

/**
 * Follows until `signal` says so. Of all windows of that person one holds the stream and tells the others; where a
 * browser cannot agree on one, each holds its own. After a gap everybody loads again, since nothing tells of it.
 */
export async function followUpdates(userId: string, signal: AbortSignal): Promise<void> {
  const others = new BroadcastChannel(`oma.updates.${userId}`);
  others.onmessage = (message: MessageEvent<Update | null>) => tell(message.data);
  const tellAll = (update: Update | null) => {
    tell(update);
    others.postMessage(update);
  };
  try {
    await whileSeen(
      (seen) => alone(`oma.updates.${userId}`, seen, (late) => hold(tellAll, late, seen)),
      signal,
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  } finally {
    others.close();
  }
}

/** `late`: something may have happened since the stream before this one. */
async function hold(
  tellAll: (update: Update | null) => void,
  late: boolean,
  signal: AbortSignal,
): Promise<void> {
  let broken = late;
  const source = {
    open: (seq: number, closed: AbortSignal) =>
      openEvents("GET", `/api/updates/stream?after=${seq}`, streamUrl.value, { signal: closed }),
    pause,
  };
  const feed = {
    event: tellAll,
    state(state: string) {
      if (state === "connecting") return;
      if (state === "live" && broken) tellAll(null);
      broken = state !== "live";
    },
  };
  await follow<Update>(source, 0, feed, signal);
}

/** Does it when no other window does; `late` when it had to wait for one. */
async function alone(
  name: string,
  signal: AbortSignal,
  work: (late: boolean) => Promise<void>,
): Promise<void> {
  // Pages without TLS, but for the own machine, have no locks.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return work(false);
  const isFree = await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work(false);
    return lock !== null;
  });
  if (isFree || signal.aborted) return;
  try {
    await locks.request(name, { signal }, () => work(true));
  } catch (error) {
    if (!signal.aborted) throw error;
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
