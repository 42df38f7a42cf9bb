"""The Python packages, each checked against its pinned hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import environment, stamps
from .commands import Failed, run
from .places import ROOT, VENV
from .progress import Line
from .words import Missing, Words

_STAMP = VENV / ".packages"
RUN = "requirements.txt"
IMAGE = "requirements-image.txt"  # what makes the files of a container's sandbox
TEST = "requirements-dev.txt"  # everything of the other, and the tools


@dataclass(frozen=True)
class Packages:
    """What one requirements file lists, and `oma`, in the virtual environment."""

    requirements: str
    title = Words("Python packages", "파이썬 패키지")

    def pending(self) -> bool:
        enough = (RUN, TEST) if self.requirements == RUN else (self.requirements,)
        return not any(stamps.stamped(_STAMP, _made_from(requirements)) for requirements in enough)

    def install(self, line: Line) -> None:
        environment.create()
        count = Count(line, len(pinned(ROOT / self.requirements)))
        pip("install", "--no-deps", "-r", self.requirements, seen=count.seen)
        environment.install_program()
        stamps.put(_STAMP, _made_from(self.requirements))
        line.detail(str(count.total))


class Count:
    """How many of the pinned packages pip has dealt with, read from what it prints."""

    def __init__(self, line: Line, total: int) -> None:
        self.total = total
        self._line = line
        self._done = 0

    def seen(self, text: str) -> None:
        if text.startswith("Ignoring "):  # made for another platform
            self.total -= 1
        elif text.startswith(("Collecting ", "Processing ", "Requirement already satisfied: ")):
            self._done += 1
        self._line.detail(f"{min(self._done, self.total)}/{self.total}")


def pip(command: str, *arguments: str, python: Path | None = None, seen: Callable[[str], None] | None = None) -> None:
    """Run the environment's own pip, for another Python if one is given.  Raises Missing when it gets not all.

    Only built packages are taken: building one would run code that no hash covers.
    """
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    strict = ["--require-hashes", "--only-binary", ":all:"]
    other = ["--python", str(python)] if python else []
    try:
        run([str(environment.PYTHON), "-m", "pip", *other, command, *quiet, *strict, *arguments], seen=seen)
    except Failed as failure:
        raise _why(failure) from failure


def pinned(requirements: Path) -> Sequence[str]:
    """The names that a compiled requirements file pins."""
    return [text.split("==")[0] for text in requirements.read_text().splitlines() if text[:1].isalnum()]


def _made_from(requirements: str) -> str:
    return stamps.digest(environment.identity(), files=[ROOT / requirements])


def _why(failure: Failed) -> Missing:
    said = "\n".join(failure.said)
    if "DO NOT MATCH THE HASHES" in said:
        return Missing(
            "A downloaded package is not the one this project pins, so it was not installed. "
            "Try again; if it stays so, the package index or something on the way to it is not to be trusted.",
            "내려받은 패키지가 이 프로젝트가 고정한 것과 달라 설치하지 않았습니다. 다시 시도해도 같으면 "
            "패키지 저장소나 그 경로를 믿을 수 없는 것입니다.",
        )
    return Missing(
        "pip could not get the packages: check the connection to the package index (PyPI), then repeat the command.",
        "pip이 파이썬 패키지를 가져오지 못했습니다. 패키지 저장소(PyPI) 연결을 확인한 뒤 명령을 다시 실행하세요.",
    )
