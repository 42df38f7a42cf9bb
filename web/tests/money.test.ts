import { describe, expect, it } from "vitest";
import { dollars, microUsd } from "../src/money";

describe("money", () => {
  it.each([
    [0, "$0"],
    [1, "<$0.0001"],
    [100, "$0.0001"],
    [12_345, "$0.0123"],
    [12_300, "$0.0123"],
    [120_000, "$0.12"],
    [500_000, "$0.50"],
    [999_999, "$1.00"],
    [1_234_567, "$1.23"],
  ])("shows %i millionths as %s", (micro, shown) => {
    expect(dollars(micro)).toBe(shown);
  });

  it("never shows an unknown cost as an amount", () => {
    expect(dollars(null)).toBeNull();
    expect(dollars(undefined)).toBeNull();
  });

  it.each([
    ["0.5", 500_000],
    ["$1", 1_000_000],
    [" 0.000001 ", 1],
    ["0.1", 100_000],
    ["", null],
    ["0", null],
    ["-1", null],
    ["하나", null],
  ])("reads %j", (typed, micro) => {
    expect(microUsd(typed)).toBe(micro);
  });
});
