/** One execution as it changes: its document, its events, and the state of the connection. */

import { batch, type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as api from "./api";
import { Problem } from "./problem";
import { streamUrl } from "./state";
import { type FeedState, follow, pause, type Source } from "./stream";
import { type Execution, type ExecutionEvent, isOver } from "./types";

const FLUSH = 60;
const REFRESH = 1000;

export interface Watched {
  execution: Signal<Execution | null>;
  events: Signal<ExecutionEvent[]>;
  feed: Signal<FeedState>;
  problem: Signal<Problem | null>;
}

export function useExecution(id: string): Watched {
  const watched: Watched = {
    execution: useSignal<Execution | null>(null),
    events: useSignal<ExecutionEvent[]>([]),
    feed: useSignal<FeedState>("connecting"),
    problem: useSignal<Problem | null>(null),
  };
  // Signals keep their identity, so only the id matters.
  useEffect(() => {
    const abort = new AbortController();
    batch(() => {
      watched.execution.value = null;
      watched.events.value = [];
      watched.problem.value = null;
    });
    watch(id, watched, abort.signal).catch((error: unknown) => {
      if (abort.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      watched.problem.value = error;
    });
    return () => abort.abort();
  }, [id]);
  return watched;
}

async function watch(id: string, { execution, events, feed }: Watched, signal: AbortSignal): Promise<void> {
  execution.value = await api.execution(id, signal);
  const refresh = every(REFRESH, signal, async () => {
    execution.value = await api.execution(id, signal);
  });
  let arrived: ExecutionEvent[] = [];
  // A replay of thousands of events is drawn in a few steps rather than one by one.
  const show = every(FLUSH, signal, async () => {
    events.value = events.value.concat(arrived);
    arrived = [];
  });
  await follow<ExecutionEvent>(
    sourceOf(id),
    0,
    {
      event(event) {
        arrived.push(event);
        show();
        if (event.type === "status" || event.type === "usage" || event.type === "result") refresh();
      },
      state(state) {
        feed.value = state;
        if (state === "live") refresh();
      },
    },
    signal,
  );
  // Where the end is told a moment before the document shows it, ask once more.
  execution.value = await api.execution(id, signal);
  if (!isOver(execution.value.status)) refresh();
}

/** At most once per `milliseconds`, and once more after the last request. A failure waits for the next one. */
function every(milliseconds: number, signal: AbortSignal, work: () => Promise<void>): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      if (!signal.aborted) work().catch(() => undefined);
    }, milliseconds);
  };
}

function sourceOf(id: string): Source {
  return { open: (seq, signal) => api.openStream(id, seq, streamUrl.value, signal), pause };
}
