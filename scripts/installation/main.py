"""The whole set-up, step by step.

Only what is missing or has changed is done. Each piece is put in place in one move and vouched for by a stamp written
last, so an interrupted set-up goes on where it was. When everything is there, nothing is printed and the network is
not touched.
"""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from . import emulator, packages, places, progress, system
from .commands import Failed
from .page import Page
from .sandbox import Sandbox
from .toolbox import Tools
from .words import Missing, Words


class Step(Protocol):
    """One piece of the set-up."""

    title: Words

    def pending(self) -> bool:
        """Whether there is something to do; cheap, as every start asks it.  Raises Missing when it cannot be done."""

    def install(self, line: progress.Line) -> None:
        """Do it.  Raises Missing or Failed when it cannot be done."""


def main(goal: str) -> int:
    """Set up for `run`, `test`, `image` or `toolbox`; the exit code."""
    try:
        set_up(steps(goal))
        if goal == "test":
            notices()
    except Missing as missing:
        return refuse(missing.words, missing.__cause__)
    except Failed as failure:
        return refuse(Words(f"This command failed: {failure}", f"이 명령이 실패했습니다: {failure}"), failure)
    except OSError as error:
        return refuse(_obstacle(error))
    except KeyboardInterrupt:
        progress.tell(Words("Stopped; the same command goes on from here.", "멈췄습니다. 같은 명령으로 이어집니다."))
        return 130
    return 0


def steps(goal: str) -> Sequence[Step]:
    """What each goal needs, in the order it must be done; an `image` has no use for most of it."""
    if goal == "toolbox":
        return [Tools()]
    if goal == "image":
        return [packages.Packages(packages.IMAGE), Sandbox(), Tools()]
    test = goal == "test"
    return [
        system.System(system.TEST if test else system.RUN, installs=system.can_install()),
        packages.Packages(packages.TEST if test else packages.RUN),
        Sandbox(),
        Tools(),
        Page(),
    ]


def set_up(steps: Sequence[Step]) -> None:
    """Do the steps that are pending, one set-up at a time in this folder and in the sandbox home."""
    if not any(step.pending() for step in steps):
        return
    with alone(places.TOOLS / "setup.lock"), alone(places.sandbox_home() / "setup" / "lock"):
        to_do = [step for step in steps if step.pending()]
        if to_do:
            progress.tell(Words("Setting up what is missing:", "없는 것을 설치합니다:"))
        for number, step in enumerate(to_do, 1):
            with progress.line(number, len(to_do), step.title) as line:
                step.install(line)


def notices() -> None:
    """Say which tests cannot run on this machine, and what would let them."""
    for words in (*system.notices(), *emulator.notices()):
        progress.tell(words)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of however this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.tell(Words("Another set-up is at work; waiting for it.", "다른 설치가 진행 중이라 기다립니다."))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refuse(words: Words, cause: BaseException | None = None) -> int:
    """Say in both languages what is missing, below the last lines of the program that failed, if one did."""
    if isinstance(cause, Failed):
        for text in cause.said:
            progress.tell(f"    {text}")
        progress.tell(f"    (all of it: {places.LOG.relative_to(places.ROOT)})")
    progress.tell(f"\n{words.en}\n{words.ko}")
    return 1


def _obstacle(error: OSError) -> Words:
    if error.errno == errno.ENOSPC:
        return Words(
            "The disk is full: set-up needs about 2 GB; make room and repeat the command.",
            "디스크가 가득 찼습니다. 설치에는 약 2 GB가 필요합니다. 비운 뒤 명령을 다시 실행하세요.",
        )
    return Words(f"Set-up could not go on: {error}.", f"설치를 계속할 수 없습니다: {error}.")
