/**
 * Markdown that is still growing, cut into blocks of which only the last ones can change.
 *
 * The page draws a block anew when its text changes, so a long answer costs as much as its end. A block counts as
 * settled once two others follow it: "2" after a list is a paragraph until "." makes it the list's next line.
 */

import { lexed } from "../markdown";

export interface Blocks {
  /** The text up to here is in `settled`. */
  length: number;
  settled: string[];
  /** The blocks that more text may still change. */
  open: string[];
}

export const NO_BLOCKS: Blocks = { length: 0, settled: [], open: [] };
const STILL_OPEN = 2;

/** `text` begins with what `before` was made of; where it does not, everything is cut anew. */
export function blocksOf(before: Blocks, text: string): Blocks {
  const same = text.startsWith(before.settled.join(""));
  const { length, settled } = same ? before : NO_BLOCKS;
  const raw = lexed(text.slice(length));
  const done = raw.slice(0, Math.max(0, raw.length - STILL_OPEN));
  return {
    length: length + done.join("").length,
    settled: done.length === 0 ? settled : [...settled, ...done],
    open: raw.slice(done.length),
  };
}
