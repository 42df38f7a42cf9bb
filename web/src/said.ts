/** What the platform itself writes into a log, in the reader's language; what has no words here stays as it is. */

import { lang } from "./language";

const KOREAN: [RegExp, string][] = [
  [
    /^The model did not answer \((.+)\); attempt (\d+) of (\d+) in ([\d.]+) s\.$/,
    "모델이 응답하지 않았습니다 ($1). $4초 뒤에 다시 시도합니다 ($3번 가운데 $2번째).",
  ],
  [/^The tool (.+) is not allowed to this agent\.$/, "이 에이전트에게 허용하지 않은 도구입니다: $1"],
  [/^host not allowed$/, "허용하지 않은 주소"],
  [/^port not allowed$/, "허용하지 않은 포트"],
  [/^address not allowed$/, "접속할 수 없는 내부 주소"],
  [/^name not found$/, "없는 주소"],
  [/^no connection to the host$/, "연결하지 못함"],
  [/^The model was overloaded; another one goes on\.$/, "모델이 너무 바빠 다른 모델이 이어서 합니다."],
  [
    /^This sandbox can reach no host but the model: its container allows no more\.$/,
    "이 샌드박스는 모델 말고는 어디에도 접속할 수 없습니다.",
  ],
];

export function logged(text: string): string {
  const known = lang.value === "ko" ? KOREAN.find(([said]) => said.test(text)) : undefined;
  return known ? text.replace(known[0], known[1]) : text;
}
