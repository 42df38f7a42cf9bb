/**
 * Markdown that an agent wrote, as HTML that can do nothing.
 *
 * Three fences, each enough alone: raw HTML is shown as text and images become links (a remote image would carry
 * data out in its address), DOMPurify passes a short list of tags, and the content security policy blocks the rest.
 */

import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

const TAGS =
  "a blockquote br code del div em h3 h4 h5 h6 hr li ol p pre s strong sub sup table tbody td th thead tr ul".split(
    " ",
  );
const ATTRIBUTES = ["href", "target", "rel", "start", "tabindex", "role", "align"];
const SAFE_ADDRESS = /^(https?:|mailto:)/i;

function link(href: string, inner: string): string {
  if (!SAFE_ADDRESS.test(href)) return inner;
  return `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html: (token: Tokens.HTML | Tokens.Tag) =>
      token.block ? `<p>${escaped(token.text.trim())}</p>\n` : escaped(token.text),
    image: ({ href, text }: Tokens.Image) => link(href, escaped(text || href)),
    link({ href, tokens }: Tokens.Link) {
      return link(href, this.parser.parseInline(tokens));
    },
    // The page owns h1 and h2, so that the outline of the whole document stays true.
    heading({ depth, tokens }: Tokens.Heading) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "☑ " : "☐ "),
    table(token: Tokens.Table) {
      const row = (cells: Tokens.TableCell[], tag: "th" | "td") =>
        `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` align="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
      const body = token.rows.map((cells) => row(cells, "td")).join("");
      return `<div tabindex="0" role="group"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`;
    },
  },
});

/** The top-level blocks of a text, each with the blank lines after it; together they are the text. */
export function lexed(markdown: string): string[] {
  const blocks: string[] = [];
  for (const { type, raw } of marked.lexer(markdown)) {
    if (type === "space" && blocks.length > 0) blocks.push(`${blocks.pop()}${raw}`);
    else blocks.push(raw);
  }
  return blocks;
}

/** The first two fences; the result still goes through DOMPurify before it may enter the page. */
export function htmlOf(markdown: string): string {
  return marked.parse(markdown) as string;
}

/** A TrustedHTML value, which is all that the policy lets into the page; Preact's types call it a string. */
export function safeHtml(markdown: string): string {
  const clean = DOMPurify.sanitize(htmlOf(markdown), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    RETURN_TRUSTED_TYPE: true,
  });
  return clean as unknown as string;
}
