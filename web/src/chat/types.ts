/** What a conversation says, as the page reads it. Events with `seq` are kept by the platform; the others only pass by. */

import type {
  Agent,
  AgentDraft,
  Execution,
  HostUse,
  Lang,
  Page,
  ResultKind,
  Schedule,
  TokenUsage,
} from "../types";

export interface Conversation {
  id: string;
  agentId: string | null;
  mode: "design" | "agent";
  title: string;
  createdAt: string;
  updatedAt: string;
  lastSeq: number;
  /** The turn that goes on now. */
  turn?: string | null;
}

export type Conversations = Page<Conversation>;

/** A file that was put into a conversation. */
export interface Upload {
  id: string;
  name: string;
  mediaType: string;
  bytes: number;
}

export interface DraftCard {
  revision: number;
  agentId: string | null;
  agent: Partial<AgentDraft>;
  /** The fields that the last change touched. */
  changed: string[];
  saved: boolean;
  scheduleText: Record<Lang, string> | null;
  /** The fields that have to be said before it can be saved. */
  missing: string[];
}

export interface ScheduleCard {
  schedule: Schedule;
  text: Record<Lang, string>;
  next: string[];
  timezone: string;
}

export interface MoneyRange {
  low: number;
  high: number;
}

export interface PriceCard {
  revision: number;
  perRun: MoneyRange | null;
  /** Within the next 31 days. */
  runs: number;
  perMonth: MoneyRange | null;
  capPerRun: number;
  capPerMonth: number;
  basis: "rehearsal" | "none";
  rehearsals: number;
}

export type RehearsalState =
  | "proposed"
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "timed_out";

export interface RehearsalCard {
  revision: number;
  state: RehearsalState;
  executionId: string | null;
  /** Most it may cost, in millionths of a dollar. */
  cap: number;
  seconds?: number | null;
  result?: string | null;
  resultKind?: ResultKind | null;
  errorCode?: string | null;
  error?: Record<Lang, string> | null;
  tokenUsage?: TokenUsage | null;
  costMicroUsd?: number | null;
  hosts: HostUse[];
  /** Hosts that were refused and are not allowed yet. */
  allowable?: string[];
  artifacts: { path: string; bytes: number }[];
}

export interface AgentCardData {
  agentId: string;
  name: string;
  status: Agent["status"];
  nextRunAt: string | null;
  scheduleText: Record<Lang, string> | null;
}

export interface ChoiceCard {
  question: string;
  options: { label: string; text: string }[];
}

/** A run by which an agent answered itself. */
export interface RunCardData {
  executionId: string;
  state: Execution["status"];
  /** From the message to its start. */
  startSeconds: number | null;
  seconds: number;
  tokenUsage: TokenUsage | null;
  costMicroUsd: number | null;
  hosts: HostUse[];
  artifacts: { path: string; bytes: number }[];
  errorCode: string | null;
}

export type Card =
  | { kind: "draft"; data: DraftCard }
  | { kind: "schedule"; data: ScheduleCard }
  | { kind: "price"; data: PriceCard }
  | { kind: "rehearsal"; data: RehearsalCard }
  | { kind: "agent"; data: AgentCardData }
  | { kind: "choice"; data: ChoiceCard }
  | { kind: "run"; data: RunCardData };

export type EndReason = "done" | "stopped" | "error" | "budget" | "interrupted";
export type ToolState = "started" | "done" | "failed";

/** What a conversation has cost so far, and what it may cost. */
export interface Meter {
  tokenUsage: TokenUsage;
  costMicroUsd: number | null;
  budgetMicroUsd: number | null;
}

export type ChatEvent = { turn: string; seq?: number; time?: string; conversationId?: string } & (
  | {
      type: "turn_started";
      messageId: string;
      clientMessageId: string;
      text: string;
      files?: Upload[];
      runId?: string;
    }
  | { type: "status"; text: string; tool?: string | null }
  | { type: "text"; part: number; offset: number; delta: string }
  | { type: "text"; part: number; text: string }
  | { type: "part_reset"; part: number }
  | ({ type: "card"; card: string } & Card)
  | { type: "notice"; code: string; detail: Record<Lang, string> }
  | { type: "tool"; name: string; state: ToolState }
  | { type: "usage"; tokenUsage: TokenUsage; costMicroUsd: number | null; conversation?: Meter }
  | { type: "turn_ended"; reason: EndReason; code?: string | null; detail?: Record<Lang, string> | null }
);
