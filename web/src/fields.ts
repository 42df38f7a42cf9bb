/** The form of an agent as text fields, and the way between them and what the API takes. */

import { microUsd, typedDollars } from "./money";
import type { Agent, AgentDraft, Email, FieldError, Schedule } from "./types";

export const TOOLS = ["Bash", "Read", "Write", "Edit", "Glob", "Grep", "WebFetch", "WebSearch"] as const;
export type ToolName = (typeof TOOLS)[number];

export interface Fields {
  name: string;
  description: string;
  finalPrompt: string;
  /** Empty means the platform's default. */
  model: string;
  tools: string[];
  hosts: string;
  /** `undefined`: nothing is said about it, so it stays as it is. */
  schedule: Schedule | null | undefined;
  /** When mails are sent; `undefined` as above. */
  email: Email | undefined;
  /** Where each end is told; empty means nowhere. */
  webhookUrl: string;
  /** How often a run is repeated that the platform lost. */
  retries: string;
  /** Whether also what had called a model. */
  afterCalls: boolean;
  /** Most a run may cost, and a month. */
  dollars: string;
  monthly: string;
  minutes: string;
  turns: string;
}

export type FieldName = keyof Fields;
export type Wrong = Partial<Record<FieldName, string>>;

export const BLANK: Fields = {
  name: "",
  description: "",
  finalPrompt: "",
  model: "",
  tools: ["Bash", "Read", "Write", "Edit"],
  hosts: "",
  schedule: undefined,
  email: undefined,
  webhookUrl: "",
  retries: "1",
  afterCalls: false,
  dollars: "0.5",
  monthly: "5",
  minutes: "15",
  turns: "30",
};

export function fieldsOf(draft: AgentDraft | Agent): Fields {
  const { limits } = draft;
  return {
    name: draft.name,
    description: draft.description ?? "",
    finalPrompt: draft.finalPrompt,
    model: draft.model ?? "",
    tools: draft.tools ?? BLANK.tools,
    hosts: draft.network?.allow.join("\n") ?? "",
    schedule: draft.schedule,
    email: draft.notify?.email,
    webhookUrl: draft.notify?.webhookUrl ?? "",
    retries: String(draft.retry?.times ?? BLANK.retries),
    afterCalls: draft.retry?.afterCalls ?? BLANK.afterCalls,
    dollars: limits?.maxCostMicroUsd === undefined ? BLANK.dollars : typedDollars(limits.maxCostMicroUsd),
    monthly:
      limits?.monthlyCostMicroUsd === undefined ? BLANK.monthly : typedDollars(limits.monthlyCostMicroUsd),
    minutes: limits?.timeoutSeconds === undefined ? BLANK.minutes : String(limits.timeoutSeconds / 60),
    turns: limits?.maxTurns === undefined ? BLANK.turns : String(limits.maxTurns),
  };
}

/** What to send, or which fields are not numbers; everything else is for the platform to judge. */
export function draftOf(
  fields: Fields,
  before: Agent | AgentDraft | null,
  notAmount: string,
): AgentDraft | Wrong {
  const cost = microUsd(fields.dollars);
  const month = microUsd(fields.monthly);
  const minutes = positive(fields.minutes);
  const turns = positive(fields.turns);
  if (cost === null || month === null || minutes === null || turns === null) {
    return {
      ...(cost === null && { dollars: notAmount }),
      ...(month === null && { monthly: notAmount }),
      ...(minutes === null && { minutes: notAmount }),
      ...(turns === null && { turns: notAmount }),
    };
  }
  return {
    ...ornaments(before),
    name: fields.name,
    description: fields.description,
    finalPrompt: fields.finalPrompt,
    ...(fields.model !== "" && { model: fields.model }),
    tools: fields.tools,
    network: { allow: hostsOf(fields.hosts) },
    ...(fields.schedule !== undefined && { schedule: fields.schedule }),
    retry: { times: Number(fields.retries), afterCalls: fields.afterCalls },
    notify: {
      ...(fields.email !== undefined && { email: fields.email }),
      webhookUrl: fields.webhookUrl.trim() || null,
    },
    limits: {
      maxCostMicroUsd: cost,
      monthlyCostMicroUsd: month,
      timeoutSeconds: Math.round(minutes * 60),
      maxTurns: turns,
    },
  };
}

/** A number above zero as typed, or `null`. */
function positive(typed: string): number | null {
  const number = Number(typed.trim());
  return Number.isFinite(number) && number > 0 ? number : null;
}

/** What the form has no fields for and a template brings along. */
function ornaments(before: AgentDraft | null): Pick<AgentDraft, "tags" | "color" | "icon"> {
  const { tags, color, icon } = before ?? {};
  return { ...(tags && { tags }), ...(color && { color }), ...(icon && { icon }) };
}

export const isDraft = (made: AgentDraft | Wrong): made is AgentDraft =>
  "finalPrompt" in made && "network" in made;

/** One per line; a whole address is cut down to its host, because that is what people paste. */
export function hostsOf(typed: string): string[] {
  return typed
    .split(/[\s,]+/)
    .map((line) => line.replace(/^https?:\/\//i, "").replace(/[/?#].*$/, ""))
    .filter((host) => host !== "");
}

const SHOWN_AT: [prefix: string, field: FieldName][] = [
  ["name", "name"],
  ["slug", "name"],
  ["description", "description"],
  ["finalPrompt", "finalPrompt"],
  ["model", "model"],
  ["tools", "tools"],
  ["network", "hosts"],
  ["schedule", "schedule"],
  ["notify.webhookUrl", "webhookUrl"],
  ["notify", "email"],
  ["retry", "retries"],
  ["limits.timeoutSeconds", "minutes"],
  ["limits.monthlyCostMicroUsd", "monthly"],
  ["limits.maxTurns", "turns"],
  ["limits", "dollars"],
];

/** The platform's field errors at the fields of the form; `rest` has those the form has no field for. */
export function placed(errors: readonly FieldError[]): { wrong: Wrong; rest: FieldError[] } {
  const wrong: Wrong = {};
  const rest: FieldError[] = [];
  for (const error of errors) {
    const place = SHOWN_AT.find(([prefix]) => error.field === prefix || error.field.startsWith(`${prefix}.`));
    if (!place) rest.push(error);
    else wrong[place[1]] = [wrong[place[1]], error.message].filter(Boolean).join(" ");
  }
  return { wrong, rest };
}
