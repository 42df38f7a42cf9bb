import { describe, expect, it } from "vitest";
import { type Choice, choiceOf, INTERVALS, scheduleOf, toggled, turned } from "../src/schedule";
import type { Schedule } from "../src/types";

const kept: Schedule = {
  cron: "0 9 * * *",
  timezone: "Asia/Seoul",
  calendar: null,
  onHoliday: "run",
  lastBusinessDay: false,
  overlap: "queue",
  catchUp: "latest",
  text: null,
};
const chosen = (changes: Partial<Schedule>): Choice => choiceOf({ ...kept, ...changes }, "UTC");
const cronOf = (choice: Choice) => scheduleOf(choice)?.cron;

describe("the schedule editor", () => {
  it("is off without a schedule, in the zone of the person", () => {
    const off = choiceOf(null, "Europe/London");
    expect(scheduleOf(off)).toBeNull();
    expect(scheduleOf(turned(off, "daily"))).toEqual({
      ...kept,
      timezone: "Europe/London",
      overlap: "skip",
      catchUp: "none",
    });
  });

  it.each([
    ["0 9 * * *", "daily"],
    ["30 18 * * 1-5", "weekdays"],
    ["5 0 * * 2,4", "weekly"],
    ["0 12 15 * *", "monthly"],
    ["0 12 L * *", "monthly"],
    ...INTERVALS.map((minutes) => [
      minutes < 60 ? `*/${minutes} * * * *` : minutes === 60 ? "0 * * * *" : `0 */${minutes / 60} * * *`,
      "interval",
    ]),
    ["0 9-17 * * 1-5", "custom"],
    ["*/7 * * * *", "custom"],
    ["0 */5 * * *", "custom"],
    ["0 9 31 * *", "custom"],
    ["0 9 1 * 1", "custom"],
    ["0 9 1 1 *", "custom"],
    ["0 9 * * 1#1", "custom"],
    ["0,30 9 * * *", "custom"],
  ])("shows %s as %s and says the same again", (cron, kind) => {
    expect(chosen({ cron }).kind).toBe(kind);
    expect(scheduleOf(chosen({ cron }))).toEqual({ ...kept, cron });
  });

  it("shows the last business day with and without holidays", () => {
    for (const calendar of [null, "KR"] as const) {
      const last = { ...kept, cron: "0 18 * * *", lastBusinessDay: true, calendar };
      expect(chosen(last)).toMatchObject({ kind: "last", time: "18:00", withoutHolidays: calendar === "KR" });
      expect(scheduleOf(chosen(last))).toEqual(last);
    }
  });

  it("leaves holidays out by calendar and policy together", () => {
    const working: Schedule = { ...kept, cron: "0 9 * * 1-5", calendar: "KR", onHoliday: "skip" };
    expect(scheduleOf(chosen(working))).toEqual(working);
    expect(scheduleOf({ ...chosen(working), withoutHolidays: false })).toMatchObject({
      calendar: null,
      onHoliday: "run",
    });
  });

  it("orders weekdays from Monday and knows both Sundays", () => {
    expect(cronOf({ ...chosen({ cron: "0 9 * * 7" }), weekdays: [0, 5, 1] })).toBe("0 9 * * 1,5,0");
    expect(chosen({ cron: "0 9 * * 0,7" }).weekdays).toEqual([0]);
  });

  it("keeps at least one weekday", () => {
    const monday = chosen({ cron: "0 9 * * 1" });
    expect(toggled(monday, 1)).toBe(monday);
    expect(toggled(toggled(monday, 3), 1).weekdays).toEqual([3]);
  });

  it("begins an expression of one's own with what was chosen", () => {
    expect(turned({ ...chosen({}), time: "07:05" }, "custom").cron).toBe("5 7 * * *");
    expect(turned(choiceOf(null, "UTC"), "custom").cron).toBe("0 9 * * *");
    expect(turned(chosen({ cron: "0 9-17 * * *" }), "custom").cron).toBe("0 9-17 * * *");
  });

  it("keeps what it has no controls for", () => {
    expect(scheduleOf(turned(chosen({}), "weekdays"))).toMatchObject({ overlap: "queue", catchUp: "latest" });
  });
});
