/**
 * The events of an execution or a conversation as they happen, over any number of connections.
 *
 * Promises: every event with a `seq` once and in that order, however often the connection or the platform goes away;
 * one without passes by once. Only a refusal that cannot heal (401, 403, 404) ends it early. SSE is read by fetch because EventSource can send no header.
 */

import { createParser, type EventSourceMessage } from "eventsource-parser";
import { Problem } from "./problem";

export type FeedState = "connecting" | "live" | "reconnecting" | "ended";

export interface Source {
  /** One connection that replays what came after `seq`, then stays. Throws a Problem when refused. */
  open(seq: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Resolves after about `milliseconds`, or sooner when there is reason to try again. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface Feed<Event> {
  event(event: Event): void;
  state(state: FeedState): void;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
// The server sends a comment every 15 s; three missed ones mean that the connection is dead.
export const SILENCE = 45_000;

export async function follow<Event extends { seq?: number }>(
  source: Source,
  after: number,
  feed: Feed<Event>,
  signal: AbortSignal,
): Promise<void> {
  let last = after;
  let failures = 0;
  feed.state("connecting");
  while (!signal.aborted) {
    let wait: number | null = null;
    try {
      const body = await source.open(last, signal);
      feed.state("live");
      for await (const message of messages(body, SILENCE)) {
        failures = 0;
        if (message.event === "end") return feed.state("ended");
        const event = JSON.parse(message.data) as Event;
        if (event.seq !== undefined && event.seq <= last) continue;
        last = event.seq ?? last;
        feed.event(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.isFinal) throw error;
      if (error instanceof Problem && error.retryAfter !== null) wait = error.retryAfter * 1000;
    }
    if (signal.aborted) return;
    feed.state("reconnecting");
    failures += 1;
    await source.pause(wait ?? delay(failures), signal);
  }
}

/** Doubles from half a second to 15 s, with up to a third of jitter, so that many pages do not return at once. */
function delay(failures: number): number {
  const base = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1));
  return base * (1 - Math.random() / 3);
}

/** What one connection says; it is closed when the reader leaves. */
export async function* messages(
  body: ReadableStream<Uint8Array>,
  silence: number,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let parsed: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => parsed.push(message) });
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silence);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* parsed;
      parsed = [];
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Waits, or less when the network or the reader comes back. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const wake = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    const options = { signal: over.signal };
    addEventListener("online", wake, options);
    document.addEventListener("visibilitychange", wake, options);
    signal.addEventListener("abort", wake, options);
  });
}

function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the stream fell silent")), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
