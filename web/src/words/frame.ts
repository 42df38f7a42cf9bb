/** Around every page: menu, signing in, what went wrong. */

import type { Both } from "./both";

export const frame = {
  // The frame
  skip: { ko: "본문으로 건너뛰기", en: "Skip to content" },
  menu: { ko: "메뉴", en: "Menu" },
  language: { ko: "English", en: "한국어" },
  languageHint: { ko: "Switch to English", en: "한국어로 바꾸기" },
  signOut: { ko: "로그아웃", en: "Sign out" },
  guest: { ko: "게스트", en: "Guest" },
  demo: {
    ko: "데모 모델로 실행 중 (실제 Claude 아님)",
    en: "Running on the demo model (not the real Claude)",
  },
  demoHint: {
    ko: "API 키 없이 둘러볼 수 있도록 정해진 대본대로 답합니다. 비용은 실제로 청구되지 않습니다.",
    en: "It follows a script, so that you can look around without an API key. Nothing is really charged.",
  },
  demoRun: {
    ko: "데모 모델의 결과 (실제 Claude 아님)",
    en: "Result of the demo model (not the real Claude)",
  },
  demoModel: { ko: "데모 모델 (Claude 아님)", en: "Demo model (not Claude)" },
  demoShort: { ko: "데모", en: "Demo" },
  loading: { ko: "불러오는 중", en: "Loading" },
  close: { ko: "닫기", en: "Close" },
  notFoundTitle: { ko: "페이지를 찾을 수 없습니다", en: "Page not found" },
  toAgents: { ko: "내 에이전트로", en: "Go to my agents" },

  // Sign in
  tagline: {
    ko: "할 일을 글로 적어 두면, 에이전트가 격리된 샌드박스에서 대신 실행합니다.",
    en: "Write down a job, and an agent does it for you in an isolated sandbox.",
  },
  pointRun: { ko: "코딩 없이 만들고, 버튼 하나로 실행", en: "Made without code, run with one button" },
  pointWatch: { ko: "무엇을 하는지 실시간으로 확인", en: "Watch live what it does" },
  pointCost: { ko: "토큰과 비용을 실행마다 기록", en: "Tokens and cost recorded for every run" },
  enterAsGuest: { ko: "게스트로 체험", en: "Try as a guest" },
  entering: { ko: "들어가는 중…", en: "Signing in…" },
  googleKeeps: {
    ko: "게스트로 만든 것도 계정으로 함께 옮겨집니다.",
    en: "What you made as a guest comes along to your account.",
  },
  googleNotSet: {
    ko: "이 서버에는 Google 로그인이 아직 켜져 있지 않습니다.",
    en: "Signing in with Google is not turned on here yet.",
  },
  forOperator: { ko: "서버 운영자라면", en: "If you run this server" },
  googleHowTo: {
    ko: "Google Cloud 콘솔에서 OAuth 클라이언트를 만들어 GOOGLE_CLIENT_ID로 설정하고 서버를 다시 시작하세요. (docs/accounts.md)",
    en: "Make an OAuth client in the Google Cloud console, set it as GOOGLE_CLIENT_ID and start the server again (docs/accounts.md).",
  },
  guestLimits: {
    ko: "가입이 필요 없습니다. 게스트로 만든 것은 이 브라우저에서만 보입니다.",
    en: "No account needed. What a guest makes is visible in this browser only.",
  },
  ownerHint: {
    ko: "이 컴퓨터에서 직접 실행했다면, 터미널에 나온 로그인 링크로 열어 보세요. 거기서 실행한 에이전트도 함께 보입니다.",
    en: "If you started it on this machine, open the sign-in link from your terminal to also see the agents you ran there.",
  },
  linkUsed: { ko: "로그인 링크를 쓸 수 없습니다", en: "This sign-in link does not work" },
  linkUsedHint: {
    ko: "링크는 한 번만, 잠시 동안만 쓸 수 있습니다. 터미널에서 새 링크를 받아 주세요.",
    en: "A link works once and for a short time. Get a new one from the terminal.",
  },
  sessionEnded: {
    ko: "로그인이 끝났습니다. 다시 들어와 주세요.",
    en: "You have been signed out. Please sign in again.",
  },
  signedOut: { ko: "로그아웃했습니다", en: "Signed out" },

  // What went wrong
  failedTitle: { ko: "끝까지 실행하지 못했습니다", en: "The run did not finish" },
  cancelledTitle: { ko: "실행을 취소했습니다", en: "The run was cancelled" },
  timedOutTitle: { ko: "제한 시간이 지나 멈췄습니다", en: "The run was stopped at its time limit" },
  seeBelow: {
    ko: "아래 진행 과정에서 어디서 멈췄는지 볼 수 있습니다.",
    en: "What it did, below, shows where it stopped.",
  },
  notes: { ko: "알아 둘 점", en: "Notes" },
  offlineTitle: { ko: "서버에 연결하지 못했습니다", en: "The server cannot be reached" },
  offlineHint: {
    ko: "플랫폼이 켜져 있는지, 네트워크가 연결되어 있는지 확인해 주세요.",
    en: "Check that the platform is running and that you are online.",
  },
  goneTitle: { ko: "찾을 수 없습니다", en: "Not found" },
  goneHint: { ko: "삭제되었거나 주소가 잘못되었습니다.", en: "It was deleted, or the address is wrong." },
  staleTitle: { ko: "다른 곳에서 먼저 바뀌었습니다", en: "It was changed elsewhere first" },
  staleHint: { ko: "새로 불러온 뒤에 다시 수정해 주세요.", en: "Load it again, then make your change." },
  busyTitle: { ko: "요청이 너무 잦습니다", en: "Too many requests" },
  busyHint: { ko: "{count}초 뒤에 다시 할 수 있습니다.", en: "You can try again in {count} s." },
  busyOver: { ko: "이제 다시 할 수 있습니다.", en: "You can try again now." },
  brokenTitle: { ko: "문제가 생겼습니다", en: "Something went wrong" },
  brokenHint: {
    ko: "잠시 뒤에 다시 해 주세요. 계속되면 요청 번호를 알려 주세요.",
    en: "Try again in a while. If it goes on, report the request id.",
  },
  refusedTitle: { ko: "지금은 할 수 없습니다", en: "This cannot be done now" },
  tryAgain: { ko: "다시 시도", en: "Try again" },
  reload: { ko: "새로 불러오기", en: "Load again" },
  requestId: { ko: "요청 번호", en: "Request id" },
  executionId: { ko: "실행 번호", en: "Run id" },
  copy: { ko: "복사", en: "Copy" },
} as const satisfies Both;
