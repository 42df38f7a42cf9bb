/**
 * What was typed and has not arrived yet: text in the field, and messages that the platform has not taken.
 * It outlives a reload, and goes when the person signs out.
 */

import type { Upload } from "./types";

const TYPED = "oma.typed.";
const SENT = "oma.sent.";
const RUN = "oma.run.";

/** A message on its way. Its id makes it safe to send again. */
export interface Kept {
  clientMessageId: string;
  text: string;
  files: Upload[];
  /** The run that it is about. */
  runId?: string | undefined;
}

/** What the text belongs to: a conversation, an agent that is to be talked about, or a new conversation. */
export const placeOf = (id: string | null, about: string | null): string =>
  id ?? (about === null ? "new" : `about.${about}`);

export const typed = (place: string): string => read(TYPED + place) ?? "";
export const keep = (place: string, text: string): void => write(TYPED + place, text);

/** The run that the text is about, if it is about one. */
export const runOf = (place: string): string | null => read(RUN + place);
export const keepRun = (place: string, runId: string | null): void => write(RUN + place, runId ?? "");

export function onTheirWay(place: string): Kept[] {
  try {
    return JSON.parse(read(SENT + place) ?? "[]") as Kept[];
  } catch {
    return [];
  }
}

export function keepOnTheirWay(place: string, messages: readonly Kept[]): void {
  const kept = messages.map(({ clientMessageId, text, files, runId }) => ({
    clientMessageId,
    text,
    files,
    runId,
  }));
  write(SENT + place, kept.length === 0 ? "" : JSON.stringify(kept));
}

export function forgetAll(): void {
  try {
    for (const key of Object.keys(localStorage))
      if ([TYPED, SENT, RUN].some((kind) => key.startsWith(kind))) localStorage.removeItem(key);
  } catch {
    // See `write`.
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Private windows may refuse storage; what is typed then lasts as long as the page. */
function write(key: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    return;
  }
}
