/** Examples to start from. Each is something the demo model can do as well. */

import type { IconName } from "./parts/icon";
import type { AgentDraft, Lang } from "./types";

export interface Template {
  icon: IconName;
  draft: Record<Lang, AgentDraft>;
}

const closed = { allow: [] };

export const templates: Template[] = [
  {
    icon: "file",
    draft: {
      ko: {
        name: "CSV 요약",
        description: "작업 폴더에 올린 CSV 파일을 읽고 핵심 숫자를 정리합니다",
        finalPrompt:
          "작업 폴더에 올라온 CSV 파일을 요약해 줘.\n\n1. 열과 행이 몇 개인지 확인한다.\n2. 숫자 열마다 합계, 평균, 최댓값, 최솟값을 구한다.\n3. 눈에 띄는 점을 세 줄로 적는다.\n4. 표를 넣은 보고서를 output/report.md 로 저장한다.",
        tools: ["Bash", "Read", "Write"],
        network: closed,
      },
      en: {
        name: "CSV summary",
        description: "Reads the CSV file in the workspace and sums up its figures",
        finalPrompt:
          "Summarise the CSV file in the workspace.\n\n1. Count its columns and rows.\n2. For each numeric column find the sum, mean, largest and smallest value.\n3. Say in three lines what stands out.\n4. Save a report with a table as output/report.md.",
        tools: ["Bash", "Read", "Write"],
        network: closed,
      },
    },
  },
  {
    icon: "said",
    draft: {
      ko: {
        name: "작업 폴더 정리 보고",
        description: "폴더를 살펴보고 무엇이 있는지 짧은 보고서를 씁니다",
        finalPrompt:
          "작업 폴더를 살펴보고 짧은 보고서를 써 줘.\n\n1. 어떤 파일이 있는지 종류와 크기를 정리한다.\n2. 최근에 바뀐 파일을 위에 적는다.\n3. 보고서를 output/report.md 로 저장하고, 마지막에 세 줄로 요약한다.",
        tools: ["Bash", "Read", "Write"],
        network: closed,
      },
      en: {
        name: "Workspace report",
        description: "Looks around the folder and writes a short report",
        finalPrompt:
          "Look around the workspace and write a short report.\n\n1. List the files with kind and size.\n2. Put what changed last on top.\n3. Save the report as output/report.md and end with a summary of three lines.",
        tools: ["Bash", "Read", "Write"],
        network: closed,
      },
    },
  },
  {
    icon: "globe",
    draft: {
      ko: {
        name: "웹 페이지 변화 확인",
        description: "정해 둔 페이지를 읽고 지난번과 달라진 점을 알려 줍니다",
        finalPrompt:
          "https://example.com 페이지를 읽고 지난 실행과 비교해 줘.\n\n1. 페이지를 읽어 핵심 내용을 적는다.\n2. 지난번 기록이 있으면 달라진 점만 정리한다.\n3. 달라진 것이 없으면 새로운 내용이 없다고만 알린다.",
        tools: ["Bash", "Read", "Write", "WebFetch"],
        network: { allow: ["example.com"] },
      },
      en: {
        name: "Page watch",
        description: "Reads a page and tells what changed since last time",
        finalPrompt:
          "Read https://example.com and compare it with the last run.\n\n1. Read the page and note what it says.\n2. If there are notes from last time, list only what changed.\n3. If nothing changed, just say that there is nothing new.",
        tools: ["Bash", "Read", "Write", "WebFetch"],
        network: { allow: ["example.com"] },
      },
    },
  },
];
