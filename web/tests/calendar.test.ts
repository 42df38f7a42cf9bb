import { describe, expect, it } from "vitest";
import { around, days, isChanging, MOST, parted, WINDOWS } from "../src/calendar";
import type { CalendarEntry } from "../src/types";

const entry = (dueTime: string, state: CalendarEntry["state"] = "succeeded", more = {}): CalendarEntry => ({
  dueTime,
  state,
  executionId: null,
  errorCode: null,
  error: null,
  span: null,
  ...more,
});
const hours = (...found: number[]) =>
  found.map((hour) => entry(`2026-11-20T${String(hour).padStart(2, "0")}:00:00Z`));
const sizes = (entries: CalendarEntry[], zone = "UTC") =>
  days(entries, zone).map(({ rows }) => rows.map((row) => row.entries.length));

describe("days", () => {
  it("are those of the zone's clock", () => {
    const entries = [entry("2026-11-20T14:59:00Z"), entry("2026-11-20T15:00:00Z")];
    expect(sizes(entries, "UTC")).toEqual([[1, 1]]);
    expect(sizes(entries, "Asia/Seoul")).toEqual([[1], [1]]);
  });

  it("show many alike as one row, and few as they are", () => {
    expect(sizes(hours(1, 2, 3))).toEqual([[1, 1, 1]]);
    expect(sizes(hours(1, 2, 3, 4, 5))).toEqual([[5]]);
  });

  it("keep what differs apart", () => {
    const failed = entry("2026-11-20T05:00:00Z", "failed");
    expect(sizes([...hours(1, 2, 3, 4), failed, ...hours(6, 7)])).toEqual([[4, 1, 1, 1]]);
    const skipped = [5, 6, 7, 8].map((hour) =>
      entry(`2026-11-20T0${hour}:00:00Z`, "skipped", { errorCode: hour < 7 ? "overlap" : "paused" }),
    );
    expect(sizes(skipped)).toEqual([[1, 1, 1, 1]]);
  });

  it("never fold intervals", () => {
    const span = { since: "2026-11-20T01:00:00Z", until: "2026-11-20T09:00:00Z", count: 9 };
    const missed = [1, 2, 3, 4, 5].map((hour) => entry(`2026-11-20T0${hour}:00:00Z`, "missed", { span }));
    expect(sizes(missed)).toEqual([[1, 1, 1, 1, 1]]);
  });

  it("are none without entries", () => {
    expect(days([], "UTC")).toEqual([]);
  });
});

describe("past and coming", () => {
  it("are told apart, in order", () => {
    const planned = entry("2026-11-21T00:00:00Z", "planned");
    const pause = entry("2026-11-19T00:00:00Z", "skipped");
    const done = entry("2026-11-20T00:00:00Z");
    expect(parted([done, pause, planned])).toEqual({ past: [pause, done], coming: [planned] });
  });
});

describe("what is asked for", () => {
  const now = new Date("2026-11-20T00:00:00Z");
  const asking = (each: number) => {
    const asked: number[] = [];
    const ask = async (from: Date, to: Date) => {
      const minutes = (to.getTime() - from.getTime()) / 60_000;
      asked.push(minutes);
      return Array.from({ length: Math.min(MOST, Math.floor(minutes / each)) }, () =>
        entry(from.toISOString()),
      );
    };
    return { asked, ask };
  };

  it.each([
    [60, 0],
    [30, 1],
    [5, 1],
    [1, 2],
  ])("is the widest window that holds all that comes due every %i minutes", async (each, index) => {
    const { asked, ask } = asking(each);
    const found = await around(now, ask);
    expect(found.window).toBe(WINDOWS[index]);
    expect(found.entries.length).toBeLessThan(MOST);
    expect(asked).toHaveLength(index + 1);
  });

  it("begins where the last answer fitted", async () => {
    const { asked, ask } = asking(1);
    await around(now, ask, WINDOWS[2]);
    expect(asked).toEqual([16 * 60]);
  });
});

describe("a change soon", () => {
  const now = new Date("2026-11-20T00:00:00Z");
  it.each([
    [entry("2026-11-19T00:00:00Z", "running"), true],
    [entry("2026-11-19T00:00:00Z", "failed"), false],
    [entry("2026-11-20T00:00:00Z", "planned"), true],
    [entry("2026-11-20T00:01:00Z", "planned"), false],
  ])("is seen by state and time: %j", (found, expected) => {
    expect(isChanging([found], now)).toBe(expected);
  });
});
