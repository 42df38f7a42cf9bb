"""What is shown while a tool works, in Korean and English."""

STATUS: dict[str, tuple[str, str]] = {
    "read_draft": ("초안 확인 중…", "Looking at the draft…"),
    "change_draft": ("초안 작성 중…", "Writing the draft…"),
    "propose_schedule": ("일정 확인 중…", "Checking the schedule…"),
    "estimate_price": ("비용 계산 중…", "Working out the price…"),
    "propose_rehearsal": ("시험 실행 준비 중…", "Preparing a trial run…"),
    "read_rehearsal": ("시험 실행 결과 확인 중…", "Reading the trial run…"),
    "list_agents": ("에이전트 목록 확인 중…", "Looking at your agents…"),
    "edit_agent": ("에이전트 여는 중…", "Opening the agent…"),
    "read_runs": ("실행 기록 확인 중…", "Reading past runs…"),
    "read_run": ("실행 로그 확인 중…", "Reading the run's log…"),
    "explain_limits": ("한도 확인 중…", "Looking up the limits…"),
    "ask": ("질문 준비 중…", "Preparing a question…"),
}
THINKING = ("생각 중…", "Thinking…")
LEFT_OUT = (
    "대화가 길어져 처음 메시지 {count}개와 그 답변은 더 이상 참고하지 않습니다. "
    "초안은 그대로이고, 거기에 정한 것도 남아 있습니다.",
    "The conversation has grown long: its first {count} messages and their answers are no longer taken into account. "
    "The draft stays as it is, with all that was decided in it.",
)
NOT_SHOWN = (
    "이 대화의 처음 메시지 {count}개와 그 답변은 길이 때문에 당신에게 보이지 않습니다. 거기서 정한 것은 초안에 있으니, "
    "초안에 관해 말하거나 고치기 전에 `read_draft`로 읽으세요. 보이지 않는 내용은 짐작하지 말고, 필요하면 물으세요.",
    "The first {count} messages of this conversation and their answers are not shown to you, because it has grown "
    "long. What was decided in them stands in the draft: read it with `read_draft` before you speak of it or change "
    "it. "
    "Do not guess what is not shown; ask if you need it.",
)
TOO_MANY_STEPS = (
    "한 번에 할 수 있는 단계를 다 써서 여기서 멈췄습니다. 이어서 할 일을 말씀해 주세요.",
    "I stopped here because one answer may take only so many steps. Tell me how to go on.",
)

REFUSED = (
    "모델이 이 요청에 답하지 않았습니다. 다르게 말씀해 주세요.",
    "The model declined to answer. Please put it differently.",
)
LENGTH = (
    "답변이 너무 길어 끊겼습니다. 나누어 물어봐 주세요.",
    "The answer grew too long and was cut off. Please ask in parts.",
)


def said(words: tuple[str, str], language: str) -> str:
    return words[0] if language == "ko" else words[1]
