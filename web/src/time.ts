/** Times in words. `Intl` only does the zone arithmetic: its Korean day periods and zone names differ by engine. */

import type { Lang } from "./types";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = [
  ["일", "Sun"],
  ["월", "Mon"],
  ["화", "Tue"],
  ["수", "Wed"],
  ["목", "Thu"],
  ["금", "Fri"],
  ["토", "Sat"],
] as const;

interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

function wallClock(instant: Date, zone: string): WallClock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const found = new Map(format.formatToParts(instant).map((part) => [part.type, Number(part.value)]));
  const read = (part: Intl.DateTimeFormatPartTypes) => found.get(part) ?? 0;
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    hour: read("hour"),
    minute: read("minute"),
  };
}

/** KST and UTC by name, every other zone as its offset at that instant, such as GMT-4 or GMT+5:30. */
export function zoneName(instant: Date, zone: string): string {
  if (zone === "Asia/Seoul") return "KST";
  const local = wallClock(instant, zone);
  const asUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute);
  const offset = Math.round((asUtc - instant.getTime()) / MINUTE);
  if (offset === 0) return "UTC";
  const size = Math.abs(offset);
  const minutes = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
  return `GMT${offset < 0 ? "-" : "+"}${Math.floor(size / 60)}${minutes}`;
}

/** `2026년 11월 20일 오전 9:05 KST`, `Nov 20, 2026, 9:05 AM KST`. */
export function absolute(instant: Date, zone: string, lang: Lang): string {
  const { year, month, day } = wallClock(instant, zone);
  const time = `${clock(instant, zone, lang)} ${zoneName(instant, zone)}`;
  if (lang === "ko") return `${year}년 ${month}월 ${day}일 ${time}`;
  return `${MONTHS[month - 1]} ${day}, ${year}, ${time}`;
}

/** `오전 9:05`, `9:05 AM`. */
export function clock(instant: Date, zone: string, lang: Lang): string {
  const { hour, minute } = wallClock(instant, zone);
  const time = `${hour % 12 === 0 ? 12 : hour % 12}:${String(minute).padStart(2, "0")}`;
  if (lang === "ko") return `${hour < 12 ? "오전" : "오후"} ${time}`;
  return `${time} ${hour < 12 ? "AM" : "PM"}`;
}

/** The day by the clock of that zone, such as `2026-11-20`. */
export function dayOf(instant: Date, zone: string): string {
  const { year, month, day } = wallClock(instant, zone);
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** `11월 20일 (금)`, `Fri, Nov 20`. */
export function dayWords(instant: Date, zone: string, lang: Lang): string {
  const { year, month, day } = wallClock(instant, zone);
  const [ko, en] = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? ["", ""];
  return lang === "ko" ? `${month}월 ${day}일 (${ko})` : `${en}, ${MONTHS[month - 1]} ${day}`;
}

const UNITS: [size: number, ko: string, en: string][] = [
  [365 * DAY, "년", "year"],
  [30 * DAY, "개월", "month"],
  [DAY, "일", "day"],
  [HOUR, "시간", "hour"],
  [MINUTE, "분", "minute"],
];

/** `3분 전`, `in 3 days`; under a minute it is soon or now, as clocks that differ a little allow to say. */
export function relative(instant: Date, now: Date, lang: Lang): string {
  const distance = instant.getTime() - now.getTime();
  const unit = UNITS.find(([size]) => Math.abs(distance) >= size);
  if (unit === undefined && distance > 5 * SECOND) return lang === "ko" ? "곧" : "in a moment";
  if (unit === undefined) return lang === "ko" ? "방금" : "just now";
  const [size, ko, en] = unit;
  const count = Math.floor(Math.abs(distance) / size);
  if (lang === "ko") return `${count}${ko} ${distance < 0 ? "전" : "후"}`;
  const words = `${count} ${en}${count === 1 ? "" : "s"}`;
  return distance < 0 ? `${words} ago` : `in ${words}`;
}

/** `0.8초`, `1분 12초`, `2h 3m`; the two largest parts. */
export function duration(milliseconds: number, lang: Lang): string {
  const [h, m, s] = lang === "ko" ? ["시간", "분", "초"] : ["h", "m", "s"];
  const spent = Math.max(0, milliseconds);
  if (spent < 10 * SECOND) return `${(Math.floor(spent / 100) / 10).toFixed(1)}${s}`;
  if (spent < MINUTE) return `${Math.floor(spent / SECOND)}${s}`;
  const two = (large: number, first: string | undefined, small: number, second: string | undefined) =>
    small === 0 ? `${large}${first}` : `${large}${first} ${small}${second}`;
  if (spent < HOUR) return two(Math.floor(spent / MINUTE), m, Math.floor((spent % MINUTE) / SECOND), s);
  return two(Math.floor(spent / HOUR), h, Math.floor((spent % HOUR) / MINUTE), m);
}
