import { describe, expect, it } from "vitest";
import { cardsOf, EMPTY, grown, running, type Transcript, wordsOf } from "../src/chat/transcript";
import type { ChatEvent } from "../src/chat/types";

const usage = { input: 10, output: 5, cacheRead: 0, cacheWrite: 0 };
const draft = (revision: number) => ({
  kind: "draft" as const,
  data: { revision, agentId: null, agent: {}, changed: [], saved: false, scheduleText: null, missing: [] },
});
const started = (seq: number, turn = "t1"): ChatEvent => ({
  seq,
  turn,
  type: "turn_started",
  messageId: `m${turn}`,
  clientMessageId: `c${turn}`,
  text: "뉴스를 요약해 줘",
});
const delta = (part: number, offset: number, words: string, turn = "t1"): ChatEvent => ({
  turn,
  type: "text",
  part,
  offset,
  delta: words,
});
const whole = (seq: number, part: number, text: string, turn = "t1"): ChatEvent => ({
  seq,
  turn,
  type: "text",
  part,
  text,
});
const card = (seq: number | undefined, id: string, revision: number, turn = "t1"): ChatEvent => ({
  ...(seq !== undefined && { seq }),
  turn,
  type: "card",
  card: id,
  ...draft(revision),
});
const ended = (seq: number, turn = "t1", reason: "done" | "stopped" = "done"): ChatEvent => ({
  seq,
  turn,
  type: "turn_ended",
  reason,
});
const texts = (transcript: Transcript) => transcript.turns.map(wordsOf);

/** A whole turn with text before and after a card, as it is kept. */
const KEPT: ChatEvent[] = [
  started(1),
  whole(2, 0, "알겠습니다."),
  { seq: 3, turn: "t1", type: "tool", name: "draft", state: "started" },
  { seq: 4, turn: "t1", type: "tool", name: "draft", state: "done" },
  card(5, "d", 1),
  whole(6, 1, "초안입니다."),
  { seq: 7, turn: "t1", type: "usage", tokenUsage: usage, costMicroUsd: null },
  ended(8),
];
const PASSING: [before: number, event: ChatEvent][] = [
  [1, { turn: "t1", type: "status", text: "일정 확인 중…" }],
  [1, delta(0, 0, "알겠")],
  [1, delta(0, 2, "습니다.")],
  [4, card(undefined, "d", 0)],
  [5, delta(1, 0, "초안")],
  [5, delta(1, 2, "입니다.")],
];

describe("a transcript", () => {
  it("shows text while it comes and the kept part in its place", () => {
    const half = grown(EMPTY, [started(1), delta(0, 0, "안녕"), delta(0, 2, "하세")]);
    expect(texts(half)).toEqual(["안녕하세"]);
    expect(texts(grown(half, [whole(2, 0, "안녕하세요.")]))).toEqual(["안녕하세요."]);
  });

  it("counts a kept event once, however often it comes", () => {
    const once = grown(EMPTY, KEPT);
    expect(grown(once, KEPT)).toEqual(once);
    expect(grown(EMPTY, [...KEPT.slice(0, 4), ...KEPT])).toEqual(once);
  });

  it("ends up the same with and without what passed by, wherever a connection broke", () => {
    const reference = grown(EMPTY, KEPT);
    const live = KEPT.flatMap((event, at) => [
      event,
      ...PASSING.filter(([before]) => before === at + 1).map(([, passing]) => passing),
    ]);
    for (let cut = 0; cut <= live.length; cut += 1) {
      const first = grown(EMPTY, live.slice(0, cut));
      const rest = KEPT.filter((event) => (event.seq ?? 0) > first.lastSeq);
      expect(grown(first, rest)).toEqual(reference);
    }
  });

  it("ignores text that repeats what is there, and holds back what leaves a gap", () => {
    const shown = grown(EMPTY, [started(1), delta(0, 0, "하나 둘"), delta(0, 0, "하나"), delta(0, 9, "넷")]);
    expect(texts(shown)).toEqual(["하나 둘"]);
    expect(texts(grown(shown, [delta(0, 0, "하나 둘 셋")]))).toEqual(["하나 둘 셋"]);
  });

  it("forgets a part that was reset, and takes it anew", () => {
    const reset: ChatEvent = { seq: 3, turn: "t1", type: "part_reset", part: 1 };
    const shown = grown(EMPTY, [started(1), whole(2, 0, "앞"), delta(1, 0, "틀린 말"), reset]);
    expect(texts(shown)).toEqual(["앞"]);
    expect(texts(grown(shown, [delta(1, 0, "맞는"), whole(4, 1, "맞는 말")]))).toEqual(["앞\n\n맞는 말"]);
  });

  it("does not keep words that the end left without a kept part", () => {
    expect(texts(grown(EMPTY, [started(1), delta(0, 0, "반쯤"), ended(2, "t1", "stopped")]))).toEqual([""]);
  });

  it("puts a card that comes again where it first stood", () => {
    const again = grown(EMPTY, [started(1), card(2, "a", 1), card(3, "b", 1), card(4, "a", 2)]);
    const items = again.turns[0]?.items.map((item) => item.kind === "card" && [item.id, item.card.data]);
    expect(items).toEqual([
      ["a", expect.objectContaining({ revision: 2 })],
      ["b", expect.objectContaining({ revision: 1 })],
    ]);
  });

  it("shows a card of a person's act after the turn is over, and where the turn is not named", () => {
    const over = grown(EMPTY, [started(1), card(2, "a", 1), ended(3), started(4, "t2"), ended(5, "t2")]);
    const passing = grown(over, [card(undefined, "a", 2)]);
    expect(passing.turns[0]?.items).toHaveLength(1);
    const unnamed = grown(over, [{ ...card(6, "a", 3), turn: "" }]);
    expect(unnamed.turns[0]?.items[0]).toMatchObject({ card: { data: { revision: 3 } } });
    expect(unnamed.turns[1]?.items).toEqual([]);
  });

  it("knows the cards of a kind over all turns", () => {
    const two = grown(EMPTY, [
      started(1),
      card(2, "d", 1),
      ended(3),
      started(4, "t2"),
      card(5, "d", 2, "t2"),
    ]);
    expect(cardsOf(two, "draft")).toEqual(["t1 d", "t2 d"]);
    expect(cardsOf(two, "price")).toEqual([]);
  });

  it("says which turn goes on, and forgets its status at the end", () => {
    const on = grown(EMPTY, [started(1), { turn: "t1", type: "status", text: "생각 중" }]);
    expect(running(on)?.status?.text).toBe("생각 중");
    const over = grown(on, [ended(2), { turn: "t1", type: "status", text: "늦은 말" }]);
    expect(running(over)).toBeNull();
    expect(over.turns[0]?.status).toBeNull();
  });

  it("keeps what the whole conversation has cost, and an unknown cost unknown", () => {
    const meter = { tokenUsage: usage, costMicroUsd: null, budgetMicroUsd: 500_000 };
    const event: ChatEvent = {
      seq: 2,
      turn: "t1",
      type: "usage",
      tokenUsage: usage,
      costMicroUsd: null,
      conversation: meter,
    };
    const counted = grown(EMPTY, [started(1), event]);
    expect(counted.meter).toEqual(meter);
    expect(counted.turns[0]?.usage?.costMicroUsd).toBeNull();
  });

  it("leaves the state before as it was, and turns that nothing happened to", () => {
    const before = grown(EMPTY, KEPT);
    const copy = structuredClone(before);
    const after = grown(before, [started(9, "t2"), delta(0, 0, "둘", "t2")]);
    expect(before).toEqual(copy);
    expect(after.turns[0]).toBe(before.turns[0]);
  });
});

describe("a notice", () => {
  it("stays with the turn that brought it", () => {
    const detail = { ko: "처음 메시지 3개는 참고하지 않습니다.", en: "The first 3 messages are left out." };
    const events: ChatEvent[] = [
      started(1),
      { seq: 2, turn: "t1", type: "notice", code: "left_out", detail },
      ended(3),
    ];
    expect(grown(EMPTY, events).turns[0]?.notice).toEqual(detail);
    expect(grown(grown(EMPTY, events), [started(4, "t2")]).turns[1]?.notice).toBeNull();
  });
});
