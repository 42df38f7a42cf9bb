import { describe, expect, it } from "vitest";
import { type Blocks, blocksOf, NO_BLOCKS } from "../src/chat/blocks";
import { htmlOf } from "../src/markdown";

const ANSWER = `좋아요. **평일 오전 9시**에 실행합니다.

| 단계 | 하는 일 |
|---|---|
| 1 | 수집 |
| 2 | 요약 |

1. 하나

2. 둘
   이어서

## 설정

\`\`\`yaml
name: news

schedule: "0 9 * * 1-5"
\`\`\`

- 가
- 나

> 저장할까요?

끝.
`;
const all = ({ settled, open }: Blocks) => [...settled, ...open];

/** What stands there after each piece of that many letters. */
function growing(text: string, step: number): Blocks[] {
  const states: Blocks[] = [];
  for (let end = step; end - step < text.length; end += step) {
    states.push(blocksOf(states.at(-1) ?? NO_BLOCKS, text.slice(0, end)));
  }
  return states;
}

describe("growing Markdown", () => {
  it.each([1, 2, 3, 7, 40])("in pieces of %i letters becomes what it is as a whole", (step) => {
    const last = growing(ANSWER, step).at(-1) ?? NO_BLOCKS;
    expect(all(last).join("")).toBe(ANSWER);
    expect(all(last).map(htmlOf).join("")).toBe(htmlOf(ANSWER));
  });

  it("never changes a block that has settled", () => {
    let before = NO_BLOCKS;
    for (const state of growing(ANSWER, 1)) {
      expect(state.settled.slice(0, before.settled.length)).toEqual(before.settled);
      expect(state.open.length).toBeLessThanOrEqual(2);
      before = state;
    }
    expect(before.settled.length).toBeGreaterThan(5);
  });

  it("is cut anew when the text is another one", () => {
    const before = blocksOf(NO_BLOCKS, "a\n\nb\n\nc\n\nd\n");
    expect(all(blocksOf(before, "x\n\ny\n")).join("")).toBe("x\n\ny\n");
  });
});
