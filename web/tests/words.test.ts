import { describe, expect, it } from "vitest";
import { detected } from "../src/language";
import { rooms, words } from "../src/words";

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

describe("words", () => {
  it("have one meaning each, whichever room they stand in", () => {
    const names = rooms.flatMap((room) => Object.keys(room));
    expect(names.length).toBe(Object.keys(words).length);
  });

  it.each(Object.entries(words))(
    "%s says something, with the same blanks, in both languages",
    (_, { ko, en }) => {
      expect(ko.trim()).not.toBe("");
      expect(en.trim()).not.toBe("");
      expect(blanks(ko)).toEqual(blanks(en));
    },
  );

  it.each([
    [["ko-KR", "en"], "ko"],
    [["en-US", "ko"], "en"],
    [["fr", "ko"], "ko"],
    [["fr"], "en"],
    [[], "en"],
  ])("takes the first language of %j that it speaks", (languages, chosen) => {
    expect(detected(languages)).toBe(chosen);
  });
});
