import { describe, expect, it } from "vitest";
import { withParticles } from "../src/particles";

describe("Korean particles", () => {
  it.each([
    ["“보고서”을(를) 저장했습니다", "“보고서”를 저장했습니다"],
    ["“뉴스 요약”을(를) 저장했습니다", "“뉴스 요약”을 저장했습니다"],
    ["“비서”와(과) 대화", "“비서”와 대화"],
    ["“메일”와(과) 대화", "“메일”과 대화"],
    ["2024년 3(으)로", "2024년 3으로"],
    ["서울(으)로", "서울로"],
    ["방(으)로", "방으로"],
    ["버전 2은(는)", "버전 2는"],
    ["번호 10이(가)", "번호 10이"],
  ])("%s becomes %s", (written, said) => {
    expect(withParticles(written)).toBe(said);
  });

  it("keeps both forms after a word whose sound is not known", () => {
    expect(withParticles("“sales.csv”을(를) 올렸습니다")).toBe("“sales.csv”을(를) 올렸습니다");
  });
});
