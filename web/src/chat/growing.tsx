/** Markdown while it is being written: each block is drawn once more only when its own text has changed. */

import { useRef } from "preact/hooks";
import { Markdown } from "../parts/markdown";
import { blocksOf, NO_BLOCKS } from "./blocks";

export function Growing({ text }: { text: string }) {
  const before = useRef(NO_BLOCKS);
  before.current = blocksOf(before.current, text.replace(/\r\n?/g, "\n"));
  const { settled, open } = before.current;
  return (
    <div class="growing">
      {[...settled, ...open].map((block, index) => (
        <Markdown key={index} text={block} />
      ))}
    </div>
  );
}
