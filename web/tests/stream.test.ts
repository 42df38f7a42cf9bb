import { describe, expect, it } from "vitest";
import { Problem } from "../src/problem";
import { type FeedState, follow, type Source } from "../src/stream";

const at = "2026-11-20T00:00:00Z";
const event = (seq: number) =>
  `id: ${seq}\ndata: {"seq":${seq},"time":"${at}","type":"log","text":"${seq}"}\n\n`;
const end = "event: end\ndata: {}\n\n";

/** A platform that serves one answer per connection: chunks, or a refusal. */
function platform(...answers: (string[] | Error)[]) {
  const asked: number[] = [];
  const waits: number[] = [];
  const source: Source = {
    async open(seq) {
      asked.push(seq);
      const answer = answers[asked.length - 1];
      if (answer === undefined) throw new Error("asked too often");
      if (answer instanceof Error) throw answer;
      return new ReadableStream({
        start(controller) {
          for (const chunk of answer) controller.enqueue(new TextEncoder().encode(chunk));
          controller.close();
        },
      });
    },
    async pause(milliseconds) {
      waits.push(milliseconds);
    },
  };
  return { source, asked, waits };
}

async function read(source: Source, after = 0, signal = new AbortController().signal) {
  const seqs: number[] = [];
  const states: FeedState[] = [];
  const feed = {
    event: (e: { seq: number }) => void seqs.push(e.seq),
    state: (s: FeedState) => void states.push(s),
  };
  await follow(source, after, feed, signal);
  return { seqs, states };
}

describe("following an execution", () => {
  it("shows every event in order and ends when told", async () => {
    const { source } = platform([event(1), event(2), end]);
    expect(await read(source)).toEqual({ seqs: [1, 2], states: ["connecting", "live", "ended"] });
  });

  it("asks again after the last event it has seen when the connection breaks", async () => {
    const { source, asked } = platform([event(1), event(2)], [event(3), end]);
    const { seqs, states } = await read(source);
    expect(seqs).toEqual([1, 2, 3]);
    expect(asked).toEqual([0, 2]);
    expect(states).toEqual(["connecting", "live", "reconnecting", "live", "ended"]);
  });

  it("never shows an event twice when a restarted platform replays from the start", async () => {
    const { source } = platform([event(1), event(2)], [event(1), event(2), event(3), end]);
    expect((await read(source)).seqs).toEqual([1, 2, 3]);
  });

  it("understands events that arrive in pieces, also inside a Korean letter", async () => {
    const bytes = new TextEncoder().encode(
      `id: 1\ndata: {"seq":1,"time":"${at}","type":"text","text":"안녕"}\n\n${end}`,
    );
    const texts: string[] = [];
    const source: Source = {
      open: async () =>
        new ReadableStream({
          start(controller) {
            for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
            controller.close();
          },
        }),
      pause: async () => undefined,
    };
    const feed = {
      event: (e: object) => void texts.push((e as { text: string }).text),
      state: () => undefined,
    };
    await follow(source, 0, feed, new AbortController().signal);
    expect(texts).toEqual(["안녕"]);
  });

  it("passes over pings", async () => {
    const { source } = platform([": ping\n\n", event(1), ": ping\n\n", end]);
    expect((await read(source)).seqs).toEqual([1]);
  });

  it("waits longer after each failure, at most 15 s, and starts over once something arrives", async () => {
    const down = Array.from({ length: 8 }, () => Problem.offline());
    const { source, waits } = platform(...down, [event(1)], [end]);
    await read(source);
    const [first, ...rest] = waits;
    expect(first).toBeLessThanOrEqual(500);
    expect(Math.max(...rest)).toBeLessThanOrEqual(15_000);
    expect(waits[6]).toBeGreaterThanOrEqual(10_000);
    expect(waits.at(-1)).toBeLessThanOrEqual(500);
  });

  it("waits as long as a 429 says", async () => {
    const { source, waits } = platform(new Problem(429, "rate_limited", null, null, [], 7), [end]);
    await read(source);
    expect(waits).toEqual([7000]);
  });

  it("gives up on a refusal that cannot heal", async () => {
    const { source } = platform(new Problem(404, "not_found", null, "r1"));
    await expect(read(source)).rejects.toMatchObject({ status: 404 });
  });

  it("stops without a word when the page is left", async () => {
    const left = new AbortController();
    left.abort();
    const { source, asked } = platform();
    await read(source, 0, left.signal);
    expect(asked).toEqual([]);
  });
});
