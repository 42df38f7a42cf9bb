import { describe, expect, it } from "vitest";
import { htmlOf } from "../src/markdown";

describe("Markdown from an agent, before DOMPurify", () => {
  it("shows raw HTML as text", () => {
    const html = htmlOf("hello <img src=x onerror=alert(1)> <b>bold</b>\n\n<script>alert(1)</script>");
    expect(html).not.toMatch(/<(img|script|b)\b/);
    expect(html).toContain("&lt;script&gt;");
  });

  it("turns an image into a link, so that its address is not fetched", () => {
    const html = htmlOf("![chart](https://example.com/a.png?secret=1)");
    expect(html).not.toContain("<img");
    expect(html).toContain('<a href="https://example.com/a.png?secret=1"');
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "vbscript:x", " JaVaScRiPt:alert(1)", "//example.com"])(
    "makes no link of %s",
    (address) => {
      expect(htmlOf(`[press](<${address}>)`)).not.toContain("<a ");
    },
  );

  it("keeps quotes of an address inside its attribute", () => {
    expect(htmlOf('[x](https://example.com/"onmouseover="alert(1))')).not.toMatch(/"\s*onmouseover="/);
  });

  it("starts headings below those of the page and names task boxes in text", () => {
    expect(htmlOf("# One")).toContain("<h3>One</h3>");
    const list = htmlOf("- [x] done\n- [ ] open");
    expect(list).not.toContain("<input");
    expect(list).toContain("☑");
    expect(list).toContain("☐");
  });

  it("draws a table in a box that can scroll", () => {
    expect(htmlOf("|a|b|\n|-|-:|\n|1|2|")).toMatch(
      /<div tabindex="0" role="group"><table>.*<td align="right">2/,
    );
  });
});
