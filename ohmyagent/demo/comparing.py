"""Compare the workspace with how the last run found it, by the report that run left."""

import re
from collections.abc import Generator
from dataclasses import dataclass

from ohmyagent.demo import hands
from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.hands import File, Listing
from ohmyagent.demo.looking import REPORT, cell, unwritten
from ohmyagent.demo.reply import Call, Final
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import BY_DEMO, NO_TOOLS, Said, said

MEMORY = "last-report.md"
"""Kept in the workspace, so that the next run finds it."""
FIRST: Said = (
    "지난 보고서가 없어서 지금 상태를 기준으로 남깁니다.",
    "There is no earlier report: this is the first.",
)
_ROW = re.compile(r"^\| (.+) \| (\d+|-) \| (\w*) \|$", re.M)


@dataclass(frozen=True)
class Difference:
    """Paths; `first` when there was no earlier report."""

    first: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @classmethod
    def between(cls, before: Listing | None, now: Listing) -> "Difference":
        earlier = before or {}
        return cls(
            first=before is None,
            added=tuple(path for path in now if path not in earlier),
            removed=tuple(path for path in earlier if path not in now),
            changed=tuple(path for path in now if path in earlier and now[path] != earlier[path]),
        )

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def told(self, korean: bool) -> str:
        words = ("새 파일", "없어진 파일", "바뀐 파일") if korean else ("New", "Gone", "Changed")
        named = zip(words, (self.added, self.removed, self.changed), strict=True)
        return "\n".join(f"- {word}: {', '.join(map(cell, paths[:20]))}" for word, paths in named if paths)


def compare(c: Conversation) -> Story:
    """What is different, as a report."""
    if not hands.able(c):
        return Final(said(NO_TOOLS, c.korean), "blocked")
    difference, error = yield from _looked(c)
    if error:
        return unwritten(MEMORY, error, c.korean)
    text = _compared(difference, c.korean)
    title = "# 지난 실행과 비교" if c.korean else "# Compared with the last run"
    error = yield from hands.write(c, REPORT, f"{title}\n\n{text}\n\n{said(BY_DEMO, c.korean)}\n")
    if error:
        return unwritten(REPORT, error, c.korean)
    changed = difference.first or bool(difference)
    return Final(f"{text}\n\n{said(BY_DEMO, c.korean)}", "done" if changed else "nothing_new")


def watch(c: Conversation) -> Story:
    """Only what is new; and if nothing is, just that."""
    if not hands.able(c):
        return Final(said(NO_TOOLS, c.korean), "blocked")
    difference, error = yield from _looked(c)
    if error:
        return unwritten(MEMORY, error, c.korean)
    if not difference:
        nothing = "새로운 것이 없습니다." if c.korean else "Nothing new."
        return Final(f"{nothing} {said(BY_DEMO, c.korean)}", "nothing_new")
    head = "새로운 것이 있습니다." if c.korean else "There is something new."
    return f"{head}\n\n{difference.told(c.korean)}\n\n{said(BY_DEMO, c.korean)}"


def _looked(c: Conversation) -> Generator[Call, Step, tuple[Difference, str | None]]:
    """The difference, and why it could not be remembered for the next run."""
    saying = "작업 폴더와 지난 보고서를 보겠습니다." if c.korean else "I will look at the files and the last report."
    files = yield from hands.listing(c, saying)
    before = None
    if files.pop(MEMORY, None) is not None:
        text = yield from hands.read(c, MEMORY)
        before = _remembered(text or "")
    error = yield from hands.write(c, MEMORY, _memory(files))
    return Difference.between(before, files), error


def _compared(difference: Difference, korean: bool) -> str:
    if difference.first:
        first = (
            "지난 보고서가 없어서 지금 상태를 기준으로 남깁니다."
            if korean
            else "There is no earlier report: this is the first."
        )
        return f"{first}\n\n{difference.told(korean)}".strip()
    if not difference:
        return "지난 실행 뒤로 바뀐 것이 없습니다." if korean else "Nothing has changed since the last run."
    head = "지난 실행 뒤로 바뀐 것입니다." if korean else "What has changed since the last run:"
    return f"{head}\n\n{difference.told(korean)}"


def _memory(files: Listing) -> str:
    rows = [f"| {path} | {'-' if file.bytes is None else file.bytes} | {file.mark} |" for path, file in files.items()]
    return "\n".join(["| file | bytes | mark |", "| --- | ---: | --- |", *rows, ""])


def _remembered(text: str) -> Listing:
    return {path: File(int(size) if size.isdigit() else None, mark) for path, size, mark in _ROW.findall(text)}
