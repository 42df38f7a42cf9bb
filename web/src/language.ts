/** Which language the page speaks, and saying a word in it. */

import { effect, signal } from "@preact/signals";
import { withParticles } from "./particles";
import type { Lang } from "./types";
import { type Word, words } from "./words";

const KEPT = "oma.lang";

/** The names in braces of a text: `"{good} of {total}"` needs `good` and `total`. */
type Blanks<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Blanks<Rest>
  : never;
type BlanksOf<W extends Word> = Blanks<(typeof words)[W]["ko" | "en"]>;
/** A word that stands as it is. */
export type PlainWord = { [W in Word]: [BlanksOf<W>] extends [never] ? W : never }[Word];
type Filling<W extends Word> = [BlanksOf<W>] extends [never] ? [] : [Record<BlanksOf<W>, string | number>];

export const lang = signal<Lang>("ko");

export function detected(languages: readonly string[]): Lang {
  const known = languages
    .map((tag) => tag.slice(0, 2).toLowerCase())
    .find((tag) => tag === "ko" || tag === "en");
  return known === "ko" ? "ko" : "en";
}

/** Reading it inside a component makes that component follow the language. */
export function t<W extends Word>(word: W, ...filling: Filling<W>): string {
  const blanks = (filling[0] ?? {}) as Record<string, string | number>;
  const filled = words[word][lang.value].replace(/\{(\w+)\}/g, (_, name: string) =>
    String(blanks[name] ?? ""),
  );
  return withParticles(filled);
}

export function speak(chosen: Lang): void {
  lang.value = chosen;
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // Private windows may refuse storage; the choice then lasts as long as the page.
  }
}

function kept(): Lang | null {
  try {
    const found = localStorage.getItem(KEPT);
    return found === "ko" || found === "en" ? found : null;
  } catch {
    return null;
  }
}

/** The language chosen last time, else the browser's; the document always says which it is. */
export function startSpeaking(): void {
  lang.value = kept() ?? detected(navigator.languages);
  effect(() => {
    document.documentElement.lang = lang.value;
  });
}
