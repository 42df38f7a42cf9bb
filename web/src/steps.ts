/** What a run did, for people: events in order, with each tool's answer put beside its call. */

import type { ExecutionEvent } from "./types";

type Of<T extends ExecutionEvent["type"]> = Extract<ExecutionEvent, { type: T }>;

export type Step =
  | { kind: "said"; event: Of<"text"> }
  | { kind: "tool"; call: Of<"tool_call">; answer: Of<"tool_result"> | null }
  | { kind: "network"; event: Of<"network"> }
  | { kind: "log"; event: Of<"log"> }
  | { kind: "status"; event: Of<"status"> }
  | { kind: "artifact"; event: Of<"artifact"> };

export function stepsOf(events: readonly ExecutionEvent[]): Step[] {
  const steps: Step[] = [];
  const calls = new Map<string, Extract<Step, { kind: "tool" }>>();
  for (const event of events) {
    if (event.type === "tool_call") {
      const step = { kind: "tool" as const, call: event, answer: null };
      calls.set(event.id, step);
      steps.push(step);
    } else if (event.type === "tool_result") {
      const step = calls.get(event.id);
      if (step) step.answer = event;
    } else if (event.type === "text") steps.push({ kind: "said", event });
    else if (event.type === "network") steps.push({ kind: "network", event });
    else if (event.type === "log") steps.push({ kind: "log", event });
    else if (event.type === "artifact") steps.push({ kind: "artifact", event });
    else if (event.type === "status") steps.push({ kind: "status", event });
  }
  return steps;
}

/** Without the last words of the agent where they are the result itself, which has its own place. */
export function besideResult(steps: Step[], result: string | null): Step[] {
  const last = steps.findLastIndex((step) => step.kind === "said");
  const said = steps[last];
  return said?.kind === "said" && said.event.text.trim() === result?.trim()
    ? steps.toSpliced(last, 1)
    : steps;
}

export function seqOf(step: Step): number {
  return step.kind === "tool" ? step.call.seq : step.event.seq;
}

export function timeOf(step: Step): string {
  return step.kind === "tool" ? step.call.time : step.event.time;
}

const TELLING = ["command", "file_path", "path", "url", "query", "pattern", "description"];

/** The one part of a tool's input that tells a person what it does. */
export function gist(input: unknown): string {
  if (typeof input !== "object" || input === null) return "";
  const fields = input as Record<string, unknown>;
  const key = TELLING.find((name) => typeof fields[name] === "string");
  return key === undefined ? "" : String(fields[key]).split("\n", 1).join("");
}

/** A tool's input as lines a person can read: the value alone when there is one, else each with its name. */
export function linesOf(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return textOf(input);
  const fields = Object.entries(input);
  const shown = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
  if (fields.length === 1) return shown(fields[0]?.[1]);
  return fields
    .map(([name, value]) => `${name}:${shown(value).includes("\n") ? "\n" : " "}${shown(value)}`)
    .join("\n");
}

/** A tool's answer as text: plain, or the text blocks of a content list, or JSON. */
export function textOf(output: unknown): string {
  if (typeof output === "string") return output;
  if (Array.isArray(output) && output.every((block) => typeof block?.text === "string")) {
    return output.map((block) => block.text as string).join("\n");
  }
  return JSON.stringify(output, null, 2) ?? "";
}

/** What a running agent is doing at this moment, or null. */
export function doing(steps: readonly Step[]): { tool: string; gist: string } | null {
  const step = steps.at(-1);
  return step?.kind === "tool" && step.answer === null
    ? { tool: step.call.name, gist: gist(step.call.input) }
    : null;
}
