/** The common shapes of a schedule as form controls, and the way between them and what the API takes. */

import type { Schedule } from "./types";

export const KINDS = ["off", "daily", "weekdays", "weekly", "monthly", "last", "interval", "custom"] as const;
export type Kind = (typeof KINDS)[number];

/** Minutes: what divides an hour, and hours that divide a day. */
export const INTERVALS = [5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720];
/** Monday to Sunday, as cron counts them. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0];
/** The last is the end of the month, however long it is. */
export const MONTH_DAYS = [...Array.from({ length: 28 }, (_, day) => String(day + 1)), "L"];

export interface Choice {
  kind: Kind;
  /** `HH:MM`, by the 24-hour clock. */
  time: string;
  weekdays: number[];
  day: string;
  minutes: number;
  cron: string;
  timezone: string;
  withoutHolidays: boolean;
  /** What the editor has no controls for and keeps. */
  rest: Pick<Schedule, "overlap" | "catchUp">;
}

export function choiceOf(schedule: Schedule | null, zone: string): Choice {
  const blank: Choice = {
    kind: "off",
    time: "09:00",
    weekdays: [1],
    day: "1",
    minutes: 30,
    cron: "",
    timezone: zone,
    withoutHolidays: false,
    rest: { overlap: "skip", catchUp: "none" },
  };
  if (schedule === null) return blank;
  const { cron, timezone, calendar, onHoliday, lastBusinessDay, overlap, catchUp } = schedule;
  return {
    ...blank,
    ...shapeOf(cron, lastBusinessDay),
    cron,
    timezone,
    withoutHolidays: calendar !== null && (lastBusinessDay || onHoliday === "skip"),
    rest: { overlap, catchUp },
  };
}

/** An expression that no control can show stays as it is. */
function shapeOf(cron: string, lastBusinessDay: boolean): Partial<Choice> & { kind: Kind } {
  const minutes = intervalOf(cron);
  if (minutes !== null && !lastBusinessDay) return { kind: "interval", minutes };
  const found = /^(\d{1,2}) (\d{1,2}) (\S+) \* (\S+)$/.exec(cron);
  if (!found) return { kind: "custom" };
  const [, minute = "", hour = "", day = "", weekday = ""] = found;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (lastBusinessDay) return weekday === "*" && day === "*" ? { kind: "last", time } : { kind: "custom" };
  if (weekday === "*" && day === "*") return { kind: "daily", time };
  if (weekday === "*") return MONTH_DAYS.includes(day) ? { kind: "monthly", time, day } : { kind: "custom" };
  if (day !== "*") return { kind: "custom" };
  if (weekday === "1-5") return { kind: "weekdays", time };
  if (!/^[0-7](,[0-7])*$/.test(weekday)) return { kind: "custom" };
  return { kind: "weekly", time, weekdays: [...new Set(weekday.split(",").map((name) => Number(name) % 7))] };
}

function intervalOf(cron: string): number | null {
  const found = /^(?:\*\/(\d+) \*|0 \*\/(\d+)|0 \*) \* \* \*$/.exec(cron);
  if (!found) return null;
  const minutes = found[1] ? Number(found[1]) : Number(found[2] ?? 1) * 60;
  return INTERVALS.includes(minutes) ? minutes : null;
}

/** `null` is off. Every field is said, since a merge patch would otherwise keep those of the schedule before. */
export function scheduleOf(choice: Choice): Schedule | null {
  if (choice.kind === "off") return null;
  const lastBusinessDay = choice.kind === "last";
  return {
    cron: cronOf(choice),
    timezone: choice.timezone,
    calendar: choice.withoutHolidays ? "KR" : null,
    onHoliday: choice.withoutHolidays && !lastBusinessDay ? "skip" : "run",
    lastBusinessDay,
    ...choice.rest,
    text: null,
  };
}

function cronOf({ kind, time, weekdays, day, minutes, cron }: Choice): string {
  const [hour, minute] = time.split(":").map(Number);
  const at = `${minute} ${hour}`;
  switch (kind) {
    case "weekdays":
      return `${at} * * 1-5`;
    case "weekly":
      return `${at} * * ${WEEKDAYS.filter((name) => weekdays.includes(name)).join()}`;
    case "monthly":
      return `${at} ${day} * *`;
    case "interval":
      if (minutes < 60) return `*/${minutes} * * * *`;
      return minutes === 60 ? "0 * * * *" : `0 */${minutes / 60} * * *`;
    case "custom":
      return cron;
    default:
      return `${at} * * *`;
  }
}

/** The choice with a weekday more or less; the last one stays. */
export function toggled(choice: Choice, weekday: number): Choice {
  const others = choice.weekdays.filter((name) => name !== weekday);
  const weekdays = others.length < choice.weekdays.length ? others : [...others, weekday];
  return weekdays.length === 0 ? choice : { ...choice, weekdays };
}

/** The choice as another kind; an expression of one's own begins as what the controls said. */
export function turned(choice: Choice, kind: Kind): Choice {
  const cron = kind === "custom" && choice.kind !== "off" ? cronOf(choice) : choice.cron;
  return { ...choice, kind, cron: kind === "custom" && cron === "" ? "0 9 * * *" : cron };
}
