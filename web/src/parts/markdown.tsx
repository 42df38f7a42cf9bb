import { useMemo } from "preact/hooks";
import { safeHtml } from "../markdown";

/** Markdown from outside, made safe in `markdown.ts`. */
export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => safeHtml(text), [text]);
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
