"""What the demo model says, in Korean and English."""

Said = tuple[str, str]
"""Korean, English."""

CANNOT: Said = (
    "저는 Claude가 아니라 정해진 대로만 움직이는 **데모 모델**이라서 이 일은 할 수 없습니다. "
    "데모가 할 수 있는 일은 다음과 같습니다.\n\n"
    "- 작업 폴더를 살펴보고 보고서 쓰기\n"
    "- 이름을 정한 파일 쓰기 (예: hello.txt에 '안녕하세요'라고 써 줘)\n"
    "- 올려 둔 CSV 파일 요약하기\n"
    "- 허용된 주소의 내용 가져오기\n"
    "- 지난 실행과 비교하기\n"
    "- 새로운 것이 없으면 없다고 알리기\n"
    "- 일부러 실패하기\n\n"
    "API 키를 설정하면 Claude가 실제로 일합니다.",
    "I am not Claude but a scripted **demo model**, so I cannot do this job. What the demo can do:\n\n"
    "- look around the workspace and write a report\n"
    "- write a named file (such as: write 'hello' to hello.txt)\n"
    "- summarise an uploaded CSV file\n"
    "- fetch an allowed address\n"
    "- compare with the last run\n"
    "- report that nothing is new\n"
    "- fail on purpose\n\n"
    "With an API key set, Claude does the real work.",
)
FAILED: Said = (
    "데모 모델이 요청대로 일부러 실패했습니다.",
    "The demo model failed on purpose, because it was asked to.",
)
BY_DEMO: Said = ("(데모 모델이 작성함)", "(written by the demo model)")
NO_TOOLS: Said = (
    "데모 모델이 이 일을 하려면 Bash나 파일 도구가 필요한데, 이 에이전트에는 없습니다.",
    "The demo model needs Bash or the file tools for this job, and this agent has neither.",
)


def said(words: Said, korean: bool) -> str:
    return words[0] if korean else words[1]
