import { describe, expect, it } from "vitest";
import { besideResult, doing, gist, linesOf, stepsOf, textOf } from "../src/steps";
import type { ExecutionEvent } from "../src/types";

const time = "2026-11-20T00:00:00Z";
const call = (seq: number, id: string): ExecutionEvent => ({
  seq,
  time,
  type: "tool_call",
  id,
  name: "Bash",
  input: { command: "ls\npwd" },
});
const answer = (seq: number, id: string): ExecutionEvent => ({
  seq,
  time,
  type: "tool_result",
  id,
  isError: false,
  output: "a.csv",
});

describe("what a run did", () => {
  it("puts each answer beside its call, also when calls overlap", () => {
    const steps = stepsOf([call(1, "a"), call(2, "b"), answer(3, "a")]);
    expect(steps).toMatchObject([
      { kind: "tool", call: { seq: 1 }, answer: { seq: 3 } },
      { kind: "tool", call: { seq: 2 }, answer: null },
    ]);
    expect(doing(steps)).toEqual({ tool: "Bash", gist: "ls" });
  });

  it("leaves figures and the result to their own places", () => {
    const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
    expect(stepsOf([{ seq: 1, time, type: "usage", tokenUsage: usage }])).toEqual([]);
  });

  it("does not repeat the result, which has its own place", () => {
    const said = (seq: number, text: string): ExecutionEvent => ({ seq, time, type: "text", text });
    const steps = stepsOf([said(1, "first"), said(2, "the end")]);
    expect(besideResult(steps, "the end\n")).toEqual(steps.slice(0, 1));
    expect(besideResult(steps, "first")).toEqual(steps);
    expect(besideResult(steps, null)).toEqual(steps);
    expect(besideResult([], "")).toEqual([]);
  });

  it("is doing nothing once the last tool has answered", () => {
    expect(doing(stepsOf([call(1, "a"), answer(2, "a")]))).toBeNull();
  });

  it("tells an input by its most telling part", () => {
    expect(gist({ file_path: "/w/a.md", content: "…" })).toBe("/w/a.md");
    expect(gist({ other: 1 })).toBe("");
    expect(gist("text")).toBe("");
  });

  it("shows an input in lines rather than as JSON", () => {
    expect(linesOf({ command: "ls" })).toBe("ls");
    expect(linesOf({ file_path: "a.md", content: "# A\nb", replace: true })).toBe(
      "file_path: a.md\ncontent:\n# A\nb\nreplace: true",
    );
    expect(linesOf(null)).toBe("null");
  });

  it("shows any answer as text", () => {
    expect(textOf("plain")).toBe("plain");
    expect(
      textOf([
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ]),
    ).toBe("a\nb");
    expect(textOf({ a: 1 })).toBe('{\n  "a": 1\n}');
    expect(textOf(undefined)).toBe("");
  });
});
