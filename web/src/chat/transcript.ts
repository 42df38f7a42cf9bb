/**
 * A conversation as it is shown, made of its events and nothing else.
 *
 * Promises: a kept event (one with `seq`) counts once, however often it arrives, and the kept events alone decide what
 * stands there in the end: text on its way is only a preview of the part that will be kept. So a reload, a second
 * window and a reconnection show the same. Pure: the state before is never changed.
 */

import type { TokenUsage } from "../types";
import type { Card, ChatEvent, EndReason, Meter, ToolState, Upload } from "./types";

export type Item = {
  /** When it was first kept; later than everything while it was not. */ order: number;
} & ({ kind: "text"; part: number; text: string; kept: boolean } | { kind: "card"; id: string; card: Card });

export interface Turn {
  id: string;
  clientMessageId: string;
  text: string;
  files: Upload[];
  /** The run that it is about. */
  runId: string | null;
  startedAt: string | null;
  items: Item[];
  /** The tools it used, each with its latest state. */
  tools: { name: string; state: ToolState }[];
  status: { text: string; tool: string | null } | null;
  /** What a reader should know of the conversation from here on. */
  notice: Record<"ko" | "en", string> | null;
  usage: { tokenUsage: TokenUsage; costMicroUsd: number | null } | null;
  end: { reason: EndReason; code: string | null; detail: Record<"ko" | "en", string> | null } | null;
}

export interface Transcript {
  lastSeq: number;
  turns: Turn[];
  meter: Meter | null;
}

export const EMPTY: Transcript = { lastSeq: 0, turns: [], meter: null };
const NOT_KEPT = Number.POSITIVE_INFINITY;

export function grown(before: Transcript, events: readonly ChatEvent[]): Transcript {
  return events.reduce(withEvent, before);
}

function withEvent(before: Transcript, event: ChatEvent): Transcript {
  if (event.seq !== undefined && event.seq <= before.lastSeq) return before;
  const lastSeq = event.seq ?? before.lastSeq;
  const at = placeOf(before.turns, event);
  const turn = before.turns[at];
  if (event.type === "turn_started") {
    if (turn) return { ...before, lastSeq };
    return { ...before, lastSeq, turns: [...before.turns, begun(event)] };
  }
  // What passes by outside its turn comes too late or too early: the kept events will tell.
  if (!turn || isLate(event, turn)) return { ...before, lastSeq };
  const meter = event.type === "usage" ? (event.conversation ?? before.meter) : before.meter;
  const next = withPart(turn, event);
  const turns = next === turn ? before.turns : before.turns.with(at, next);
  return { lastSeq, turns, meter };
}

/** A card may come after its turn, from a person's click: then it belongs where it stands already. */
function placeOf(turns: Turn[], event: ChatEvent): number {
  const at = turns.findLastIndex((turn) => turn.id === event.turn);
  if (at !== -1 || event.type !== "card") return at;
  const stands = (turn: Turn) => turn.items.some((item) => item.kind === "card" && item.id === event.card);
  const found = turns.findLastIndex(stands);
  return found === -1 ? turns.length - 1 : found;
}

const isLate = (event: ChatEvent, turn: Turn): boolean =>
  event.seq === undefined && event.type !== "card" && turn.end !== null;

function begun(event: Extract<ChatEvent, { type: "turn_started" }>): Turn {
  return {
    id: event.turn,
    clientMessageId: event.clientMessageId,
    text: event.text,
    files: event.files ?? [],
    runId: event.runId ?? null,
    startedAt: event.time ?? null,
    items: [],
    tools: [],
    status: null,
    notice: null,
    usage: null,
    end: null,
  };
}

function withPart(turn: Turn, event: ChatEvent): Turn {
  switch (event.type) {
    case "text":
      return "delta" in event ? previewed(turn, event) : kept(turn, event);
    case "part_reset":
      return {
        ...turn,
        items: turn.items.filter((item) => item.kind !== "text" || item.part !== event.part),
      };
    case "card":
      return { ...turn, items: withCard(turn.items, event) };
    case "status":
      return { ...turn, status: { text: event.text, tool: event.tool ?? null } };
    case "notice":
      return { ...turn, notice: event.detail };
    case "tool":
      return { ...turn, tools: withTool(turn.tools, event) };
    case "usage":
      return { ...turn, usage: { tokenUsage: event.tokenUsage, costMicroUsd: event.costMicroUsd } };
    case "turn_ended": {
      const { reason, code = null, detail = null } = event;
      return { ...turn, items: turn.items.filter(isKept), status: null, end: { reason, code, detail } };
    }
    default:
      return turn;
  }
}

type TextItem = Extract<Item, { kind: "text" }>;
const isPart = (item: Item, part: number): item is TextItem => item.kind === "text" && item.part === part;
/** A preview of text that was never kept says nothing once the turn is over. */
const isKept = (item: Item): boolean => item.kind === "card" || item.kept;

interface Delta {
  part: number;
  offset: number;
  delta: string;
}

/** Text on its way, put where it belongs: what overlaps is the same, what leaves a gap waits for the kept part. */
function previewed(turn: Turn, { part, offset, delta }: Delta): Turn {
  const item = turn.items.find((found) => isPart(found, part)) as TextItem | undefined;
  const shown = item?.text ?? "";
  if (item?.kept || offset > shown.length || offset + delta.length <= shown.length) return turn;
  const text = shown.slice(0, offset) + delta;
  return { ...turn, items: placed(turn.items, { kind: "text", part, text, kept: false, order: NOT_KEPT }) };
}

function kept(turn: Turn, { part, text, seq }: { part: number; text: string; seq?: number }): Turn {
  return {
    ...turn,
    items: placed(turn.items, { kind: "text", part, text, kept: true, order: seq ?? NOT_KEPT }),
  };
}

type CardEvent = Extract<ChatEvent, { type: "card" }>;

/** A card that comes again replaces itself where it first stood. */
function withCard(items: Item[], event: CardEvent): Item[] {
  const card = { kind: event.kind, data: event.data } as Card;
  return placed(items, { kind: "card", id: event.card, card, order: event.seq ?? NOT_KEPT });
}

function placed(items: Item[], item: Item): Item[] {
  const at = items.findIndex((found) =>
    item.kind === "text" ? isPart(found, item.part) : found.kind === "card" && found.id === item.id,
  );
  if (at === -1) return inOrder([...items, item]);
  const order = Math.min(items[at]?.order ?? NOT_KEPT, item.order);
  return inOrder(items.with(at, { ...item, order }));
}

const inOrder = (items: Item[]): Item[] =>
  items.toSorted((one, other) => (one.order === other.order ? 0 : one.order - other.order));

function withTool(tools: Turn["tools"], { name, state }: { name: string; state: ToolState }): Turn["tools"] {
  const at = tools.findLastIndex((tool) => tool.name === name && tool.state === "started");
  return state === "started" || at === -1 ? [...tools, { name, state }] : tools.with(at, { name, state });
}

/** The turn that goes on, if one does. */
export function running(transcript: Transcript): Turn | null {
  const last = transcript.turns.at(-1);
  return last && last.end === null ? last : null;
}

/** The cards of a kind, in their order, as `turn card`: the last of them is the one that can be acted on. */
export function cardsOf(transcript: Transcript, kind: Card["kind"]): string[] {
  return transcript.turns.flatMap((turn) =>
    turn.items.flatMap((item) =>
      item.kind === "card" && item.card.kind === kind ? [`${turn.id} ${item.id}`] : [],
    ),
  );
}

/** The words of an answer, for copying. */
export function wordsOf(turn: Turn): string {
  return turn.items
    .flatMap((item) => (item.kind === "text" ? [item.text] : []))
    .join("\n\n")
    .trim();
}
