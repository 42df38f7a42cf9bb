/** An agent's due instants as days and rows: what happened, what was left out, and what is planned. */

import { dayOf } from "./time";
import type { CalendarEntry } from "./types";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** So many entries has an answer of the API at most. */
export const MOST = 1000;
/** How far to look back and ahead, in milliseconds; the closer ones are for agents that come due very often. */
export interface Window {
  before: number;
  after: number;
}
export const WINDOWS: readonly Window[] = [
  { before: 7 * DAY, after: 14 * DAY },
  { before: 2 * DAY, after: DAY },
  { before: 12 * HOUR, after: 4 * HOUR },
];
/** So many alike in a row on one day become one row. */
const MANY = 4;

export interface Around {
  entries: CalendarEntry[];
  window: Window;
}

/** The entries of the widest window, from `first` on, that one answer holds. */
export async function around(
  now: Date,
  ask: (from: Date, to: Date) => Promise<CalendarEntry[]>,
  first: Window = WINDOWS[0] as Window,
): Promise<Around> {
  const entries = await ask(new Date(now.getTime() - first.before), new Date(now.getTime() + first.after));
  const closer = WINDOWS[WINDOWS.indexOf(first) + 1];
  return entries.length < MOST || !closer ? { entries, window: first } : around(now, ask, closer);
}

/** Entries that are alike, oldest first. */
export interface Row {
  entries: [CalendarEntry, ...CalendarEntry[]];
}

export interface Day {
  /** Any instant of the day. */
  at: Date;
  rows: Row[];
}

/** Days by the clock of that zone, in the order of the entries. */
export function days(entries: readonly CalendarEntry[], zone: string): Day[] {
  const found = new Map<string, CalendarEntry[]>();
  for (const entry of entries) {
    const day = dayOf(new Date(entry.dueTime), zone);
    found.set(day, [...(found.get(day) ?? []), entry]);
  }
  return [...found.values()].map((each) => ({ at: new Date(each[0]?.dueTime ?? 0), rows: rows(each) }));
}

function rows(entries: readonly CalendarEntry[]): Row[] {
  const alike: Row[] = [];
  for (const entry of entries) {
    const last = alike.at(-1);
    if (last && isAlike(last.entries[0], entry)) last.entries.push(entry);
    else alike.push({ entries: [entry] });
  }
  return alike.flatMap((row) =>
    row.entries.length < MANY ? row.entries.map((entry): Row => ({ entries: [entry] })) : [row],
  );
}

/** Runs that went well or badly are told apart by their state; an interval stands for itself. */
const isAlike = (one: CalendarEntry, other: CalendarEntry): boolean =>
  one.state === other.state && one.errorCode === other.errorCode && !one.span && !other.span;

/** What is over or under way, and what is still to come. */
export function parted(entries: readonly CalendarEntry[]): {
  past: CalendarEntry[];
  coming: CalendarEntry[];
} {
  return {
    past: entries
      .filter(({ state }) => state !== "planned")
      .sort((one, other) => one.dueTime.localeCompare(other.dueTime)),
    coming: entries.filter(({ state }) => state === "planned"),
  };
}

/** Whether something will look different soon: a run goes on, or its time has come. */
export const isChanging = (entries: readonly CalendarEntry[], now: Date): boolean =>
  entries.some(
    ({ state, dueTime }) =>
      state === "queued" ||
      state === "launching" ||
      state === "running" ||
      (state === "planned" && new Date(dueTime) <= now),
  );
