import { afterEach, describe, expect, it } from "vitest";
import { lang } from "../src/language";
import { logged } from "../src/said";

const before = lang.value;
afterEach(() => {
  lang.value = before;
});

describe("the platform's own lines of a log", () => {
  const line = "The model did not answer (502 server_error); attempt 2 of 4 in 1.0 s.";

  it("are said in Korean to a Korean reader", () => {
    lang.value = "ko";
    expect(logged(line)).toBe(
      "모델이 응답하지 않았습니다 (502 server_error). 1.0초 뒤에 다시 시도합니다 (4번 가운데 2번째).",
    );
    expect(logged("The tool Bash is not allowed to this agent.")).toContain("Bash");
    expect(logged("host not allowed")).toBe("허용하지 않은 주소");
  });

  it("stay as they are for others, and so does what an agent wrote", () => {
    lang.value = "en";
    expect(logged(line)).toBe(line);
    lang.value = "ko";
    expect(logged("done.")).toBe("done.");
  });
});
