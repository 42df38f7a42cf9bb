import { afterEach, describe, expect, it, vi } from "vitest";
import { frames } from "../src/chat/frames";

afterEach(() => vi.unstubAllGlobals());

/** A window whose frames come when the test says so. */
function screen(hidden = false) {
  const waiting: (() => void)[] = [];
  vi.stubGlobal("document", { hidden });
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => waiting.push(draw));
  return () => {
    for (const draw of waiting.splice(0)) draw();
  };
}

describe("between two frames", () => {
  it("what arrives is applied together, in its order, and once", () => {
    const frame = screen();
    const applied: number[][] = [];
    const arrive = frames<number>((items) => applied.push(items));
    for (const item of [1, 2, 3]) arrive(item);
    expect(applied).toEqual([]);
    frame();
    expect(applied).toEqual([[1, 2, 3]]);
    frame();
    arrive(4);
    frame();
    expect(applied).toEqual([[1, 2, 3], [4]]);
  });

  it("a window that nobody sees applies it all the same", async () => {
    screen(true);
    const applied: number[][] = [];
    const arrive = frames<number>((items) => applied.push(items));
    arrive(1);
    arrive(2);
    await vi.waitFor(() => expect(applied).toEqual([[1, 2]]));
  });
});
