/** What the HTTP API says, as the page reads it. Instants are RFC 3339 in UTC, money is in millionths of a dollar. */

export type Lang = "ko" | "en";

export interface User {
  id: string;
  kind: "guest" | "google" | "owner";
  name: string;
  email: string | null;
  plan: string;
  timezone: string | null;
}

export interface Session {
  valid: boolean;
  user: User | null;
}

export interface Config {
  streamUrl: string | null;
  googleClientId: string | null;
  model: { mode: "api" | "compatible" | "demo"; default: string };
  /** Whether the platform starts agents on their schedules; where it does not, no schedule can be set here. */
  schedules?: boolean;
  /** Whether the platform designs agents by chatting. */
  chat?: boolean;
  /** How large a file may be that is put into a conversation; where it is missing, none can. */
  uploads?: { maxBytes: number } | null;
  version: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Model {
  id: string;
  name: string;
  aliases: string[];
}

export interface TokenUsage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

export type ExecutionStatus =
  | "queued"
  | "launching"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "timed_out"
  | "skipped"
  | "missed";

export type Trigger = "manual" | "schedule" | "webhook" | "chat" | "retry";

export interface LastExecution {
  id: string;
  status: ExecutionStatus;
  resultKind: ResultKind | null;
  endTime: string | null;
}

export interface Limits {
  timeoutSeconds: number;
  maxTurns: number;
  maxCostMicroUsd: number;
  monthlyCostMicroUsd: number;
}

/** How often a run is repeated that the platform lost, and whether also what had called a model. */
export interface Retry {
  times: number;
  afterCalls: boolean;
}

export interface Schedule {
  cron: string;
  timezone: string;
  calendar: "KR" | null;
  onHoliday: "run" | "skip";
  lastBusinessDay: boolean;
  overlap: "skip" | "queue";
  catchUp: "none" | "latest";
  text: string | null;
}

/** What a schedule means and when it comes due, or what is still to be said about it. */
export interface SchedulePreview {
  schedule: Schedule | null;
  text: Record<Lang, string> | null;
  next: string[];
  tooFrequent: boolean;
  minimumIntervalSeconds: number;
  holidaysRelease: string | null;
  question: {
    text: Record<Lang, string>;
    choices: { text: Record<Lang, string>; schedule: Schedule }[];
  } | null;
}

export const EMAILS = ["on_failure", "always", "never"] as const;
/** Which of an agent's runs its owner hears of by mail. */
export type Email = (typeof EMAILS)[number];

export interface Agent {
  id: string;
  slug: string;
  name: string;
  description: string;
  status: "draft" | "active" | "paused";
  finalPrompt: string;
  model: string;
  tools: string[];
  network: { allow: string[] };
  schedule: Schedule | null;
  limits: Limits;
  retry: Retry;
  notify: { email: Email; webhookUrl: string | null };
  /** The schedule in words. */
  scheduleText: Record<Lang, string> | null;
  nextRunAt: string | null;
  /** Why it runs by hand only, though its status is active. */
  pausedReason: "failures" | "budget" | "user_deleted" | "suspended" | null;
  lastExecution: LastExecution | null;
  activeExecutionId?: string | null;
  totalRuns: number;
  successfulRuns: number;
  totalTokenUsage: TokenUsage;
  totalCostMicroUsd: number | null;
  version: number;
  createdAt: string;
  updatedAt: string;
}

/** A due instant, or an interval of them, with what became of it. */
export interface CalendarEntry {
  dueTime: string;
  state: ExecutionStatus | "planned";
  executionId: string | null;
  errorCode: string | null;
  /** Why, in words. */
  error: string | null;
  /** `count` is null for a time that the schedule stood still. */
  span: { since: string; until: string; count: number | null } | null;
}

/** What a person may set; what is left out keeps the platform's default. */
export interface AgentDraft {
  name: string;
  description?: string;
  finalPrompt: string;
  model?: string;
  tools?: string[];
  network?: { allow: string[] };
  schedule?: Schedule | null;
  limits?: Partial<Limits>;
  retry?: Partial<Retry>;
  notify?: { email?: Email; webhookUrl?: string | null };
  tags?: string[];
  color?: string | null;
  icon?: string | null;
}

/** An agent to start from. */
export interface Template {
  id: string;
  draft: Record<Lang, AgentDraft>;
}

export interface Artifact {
  path: string;
  bytes: number;
}

export interface HostUse {
  host: string;
  allowed: boolean;
  requests: number;
}

export type ResultKind = "done" | "partial" | "nothing_new" | "blocked";

export interface Execution {
  id: string;
  agentId: string;
  agentVersion: number;
  trigger: Trigger;
  /** A trial of a draft in a chat: it counts towards no agent's runs. */
  rehearsal: boolean;
  status: ExecutionStatus;
  createdAt: string;
  startTime: string | null;
  endTime: string | null;
  result: string | null;
  resultKind: ResultKind | null;
  resultKindSource: "structured" | "inferred" | null;
  errorCode: string | null;
  error: string | null;
  attempt: number;
  retryOf: string | null;
  retriedBy: string | null;
  startAfter: string | null;
  tokenUsage: TokenUsage | null;
  costMicroUsd: number | null;
  costPartial: boolean;
  modelMode: "api" | "compatible" | "demo" | null;
  hosts: HostUse[];
  artifacts: Artifact[];
  /** What was left out or cut, in words. */
  notes: string[];
  cancelRequestedAt?: string | null;
  lastSeq: number;
}

export type ExecutionEvent = { seq: number; time: string } & (
  | { type: "status"; status: string; text?: string | null }
  | { type: "text"; text: string; truncated?: boolean }
  | { type: "tool_call"; id: string; name: string; input: unknown }
  | { type: "tool_result"; id: string; isError: boolean; output: unknown }
  | { type: "usage"; tokenUsage: TokenUsage }
  | { type: "network"; host: string; allowed: boolean; port?: number; reason?: string | null }
  | { type: "log"; text: string }
  | { type: "artifact"; path: string; bytes: number }
  | { type: "result"; text?: string | null }
);

export interface WorkspaceFile {
  path: string;
  bytes: number;
}

/** An address at which other programs start an agent. */
export interface Hook {
  id: string;
  url: string;
  createdAt: string;
  lastUsedAt: string | null;
  rotatedAt: string | null;
  previousUntil: string | null;
}

/** As it comes when it was made or rotated: only now with its secret. */
export interface NewHook extends Hook {
  secret: string;
}

/** What a secret is for; its value is never told. */
export interface Secret {
  name: string;
  hosts: string[];
  header: string;
  prefix: string;
  createdAt: string;
  updatedAt: string;
}

export type SecretDraft = Pick<Secret, "hosts" | "header" | "prefix"> & { value: string };

export type MailState =
  | "queued"
  | "sending"
  | "sent"
  | "kept"
  | "failed"
  | "unknown"
  | "no_address"
  | "suppressed";

/** A mail written to the person; lists have no text. */
export interface Mail {
  id: string;
  kind: string;
  to: string | null;
  subject: string;
  text: string | null;
  state: MailState;
  reason: string | null;
  dueAt: string;
  endedAt: string | null;
}

/** One run's end on its way to the agent's own webhook. */
export interface Delivery {
  id: string;
  executionId: string;
  url: string;
  status: "pending" | "delivered" | "failed";
  attempts: { at: string; httpStatus: number | null; error: string | null }[];
  createdAt: string;
  nextAttemptAt: string | null;
}

/** What deliveries are signed with; until `previousUntil` by the key before, too. */
export interface WebhookSecret {
  secret: string;
  createdAt: string;
  rotatedAt: string | null;
  previousUntil: string | null;
}

export interface FieldError {
  field: string;
  message: string;
}

export const isOver = (status: ExecutionStatus): boolean =>
  status !== "queued" && status !== "launching" && status !== "running";
