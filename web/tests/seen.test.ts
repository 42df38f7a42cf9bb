import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { whileSeen } from "../src/seen";

/** A window that can be put behind others. */
class Window extends EventTarget {
  hidden = false;
  show(shown: boolean): void {
    this.hidden = !shown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: Window;
beforeEach(() => {
  vi.useFakeTimers();
  page = new Window();
  vi.stubGlobal("document", page);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Work that goes on until it is told to stop, and counts. */
function stream() {
  const told = { begun: 0, ended: 0 };
  const work = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      told.begun += 1;
      signal.addEventListener("abort", () => {
        told.ended += 1;
        resolve();
      });
    });
  return { told, work };
}
const turn = () => vi.advanceTimersByTimeAsync(0);

describe("a window's streams", () => {
  it("are given back after a while behind other windows, and taken up when it is seen", async () => {
    const { told, work } = stream();
    const left = new AbortController();
    const going = whileSeen(work, left.signal);
    page.show(false);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(told).toEqual({ begun: 1, ended: 0 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual({ begun: 1, ended: 1 });
    page.show(true);
    await turn();
    expect(told).toEqual({ begun: 2, ended: 1 });
    left.abort();
    await going;
    expect(told).toEqual({ begun: 2, ended: 2 });
  });

  it("wait for a window that was opened behind others to be seen", async () => {
    const { told, work } = stream();
    const left = new AbortController();
    page.hidden = true;
    const going = whileSeen(work, left.signal);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.begun).toBe(0);
    page.show(true);
    await turn();
    expect(told.begun).toBe(1);
    left.abort();
    await going;
  });

  it("stay when it is hidden for a moment only", async () => {
    const { told, work } = stream();
    const left = new AbortController();
    const going = whileSeen(work, left.signal);
    page.show(false);
    await vi.advanceTimersByTimeAsync(3_000);
    page.show(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual({ begun: 1, ended: 0 });
    left.abort();
    await going;
  });

  it("end for good when the page is left while it is hidden", async () => {
    const { told, work } = stream();
    const left = new AbortController();
    const going = whileSeen(work, left.signal);
    page.show(false);
    await vi.advanceTimersByTimeAsync(6_000);
    left.abort();
    await going;
    expect(told).toEqual({ begun: 1, ended: 1 });
  });

  it("that end or fail by themselves are not taken up again", async () => {
    await whileSeen(async () => undefined, new AbortController().signal);
    const failing = whileSeen(() => Promise.reject(new Error("gone")), new AbortController().signal);
    await expect(failing).rejects.toThrow("gone");
  });
});
