"""Look around the workspace, and write a report on what is there."""

from collections import Counter

from ohmyagent.demo import hands
from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.hands import Listing
from ohmyagent.demo.reply import Final
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import BY_DEMO, NO_TOOLS, said

REPORT = "output/report.md"
MOST_ROWS = 50


def report(c: Conversation) -> Story:
    if not hands.able(c):
        return Final(said(NO_TOOLS, c.korean), "blocked")
    looking = "작업 폴더를 살펴보겠습니다." if c.korean else "I will look around the workspace."
    files = yield from hands.listing(c, looking)
    writing = "찾은 것을 보고서로 쓰겠습니다." if c.korean else "I will write down what I found."
    error = yield from hands.write(c, REPORT, markdown(files, c.korean), writing)
    if error:
        return unwritten(REPORT, error, c.korean)
    return summary(files, c.korean)


def markdown(files: Listing, korean: bool) -> str:
    title, heading = (
        ("# 작업 폴더 보고서", "| 파일 | 바이트 |") if korean else ("# Workspace report", "| File | Bytes |")
    )
    shown = list(files.items())[:MOST_ROWS]
    rows = [f"| {cell(path)} | {'?' if file.bytes is None else file.bytes} |" for path, file in shown]
    table = (
        "\n".join([heading, "| --- | ---: |", *rows])
        if rows
        else ("파일이 없습니다." if korean else "There are no files.")
    )
    return f"{title}\n\n{_counts(files, korean)}\n\n{table}\n\n{said(BY_DEMO, korean)}\n"


def summary(files: Listing, korean: bool) -> str:
    where = f"보고서는 `{REPORT}`에 있습니다." if korean else f"The report is in `{REPORT}`."
    return f"{_counts(files, korean)} {where} {said(BY_DEMO, korean)}"


def unwritten(path: str, error: str, korean: bool) -> Final:
    sentence = f"`{path}`를 쓰지 못했습니다" if korean else f"`{path}` could not be written"
    return Final(f"{sentence}: {error[:300]}", "blocked")


def _counts(files: Listing, korean: bool) -> str:
    size = sum(file.bytes or 0 for file in files.values())
    kinds = Counter(path.rpartition(".")[2].lower() if "." in path else "-" for path in files)
    shown = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(5))
    if not files:
        return "작업 폴더는 비어 있습니다." if korean else "The workspace is empty."
    if korean:
        return f"파일 {len(files)}개, 모두 {size:,}바이트입니다 (종류: {shown})."
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}, {size:,} bytes in all (kinds: {shown})."


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")[:200]
