import { describe, expect, it } from "vitest";
import { absolute, dayOf, dayWords, duration, relative, zoneName } from "../src/time";

const at = (iso: string) => new Date(iso);

describe("absolute times", () => {
  it.each([
    ["2026-11-20T00:05:00Z", "2026년 11월 20일 오전 9:05 KST", "Nov 20, 2026, 9:05 AM KST"],
    ["2026-11-19T15:00:00Z", "2026년 11월 20일 오전 12:00 KST", "Nov 20, 2026, 12:00 AM KST"],
    ["2026-11-20T03:00:00Z", "2026년 11월 20일 오후 12:00 KST", "Nov 20, 2026, 12:00 PM KST"],
    ["2026-12-31T15:30:00Z", "2027년 1월 1일 오전 12:30 KST", "Jan 1, 2027, 12:30 AM KST"],
  ])("says %s in Seoul in both languages", (iso, ko, en) => {
    expect(absolute(at(iso), "Asia/Seoul", "ko")).toBe(ko);
    expect(absolute(at(iso), "Asia/Seoul", "en")).toBe(en);
  });

  it.each([
    ["Asia/Seoul", "2026-07-01T00:00:00Z", "KST"],
    ["UTC", "2026-07-01T00:00:00Z", "UTC"],
    ["America/New_York", "2026-07-01T00:00:00Z", "GMT-4"],
    ["America/New_York", "2026-12-01T00:00:00Z", "GMT-5"],
    ["Asia/Kolkata", "2026-12-01T00:00:00Z", "GMT+5:30"],
  ])("names the zone %s at %s", (zone, iso, name) => {
    expect(zoneName(at(iso), zone)).toBe(name);
  });
});

describe("days", () => {
  it.each([
    ["2026-11-20T14:59:59Z", "Asia/Seoul", "2026-11-20", "11월 20일 (금)", "Fri, Nov 20"],
    ["2026-11-20T15:00:00Z", "Asia/Seoul", "2026-11-21", "11월 21일 (토)", "Sat, Nov 21"],
    ["2026-03-01T04:00:00Z", "America/New_York", "2026-02-28", "2월 28일 (토)", "Sat, Feb 28"],
  ])("of %s in %s", (iso, zone, day, ko, en) => {
    expect(dayOf(at(iso), zone)).toBe(day);
    expect(dayWords(at(iso), zone, "ko")).toBe(ko);
    expect(dayWords(at(iso), zone, "en")).toBe(en);
  });
});

describe("relative times", () => {
  const now = at("2026-11-20T00:00:00Z");
  it.each([
    ["2026-11-19T23:59:30Z", "방금", "just now"],
    ["2026-11-19T23:57:00Z", "3분 전", "3 minutes ago"],
    ["2026-11-20T00:00:05Z", "방금", "just now"],
    ["2026-11-20T00:00:40Z", "곧", "in a moment"],
    ["2026-11-20T01:00:00Z", "1시간 후", "in 1 hour"],
    ["2026-11-23T00:00:00Z", "3일 후", "in 3 days"],
    ["2026-09-20T00:00:00Z", "2개월 전", "2 months ago"],
    ["2024-11-20T00:00:00Z", "2년 전", "2 years ago"],
  ])("says %s", (iso, ko, en) => {
    expect(relative(at(iso), now, "ko")).toBe(ko);
    expect(relative(at(iso), now, "en")).toBe(en);
  });
});

describe("durations", () => {
  it.each([
    [840, "0.8초", "0.8s"],
    [9_999, "9.9초", "9.9s"],
    [12_000, "12초", "12s"],
    [72_000, "1분 12초", "1m 12s"],
    [120_000, "2분", "2m"],
    [7_380_000, "2시간 3분", "2h 3m"],
    [-5, "0.0초", "0.0s"],
  ])("says %i ms", (ms, ko, en) => {
    expect(duration(ms, "ko")).toBe(ko);
    expect(duration(ms, "en")).toBe(en);
  });
});
