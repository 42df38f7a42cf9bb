"""One line per step on stderr: what is being done, how far it is, how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .words import Words


class Line:
    """The line of one step.  On a terminal it is rewritten in place each second; in a log it is written once."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._detail = ""
        self._started = time.monotonic()
        self._live = sys.stderr.isatty()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def detail(self, text: str) -> None:
        """How far the step is, e.g. "12 of 79"."""
        self._detail = text

    def start(self) -> None:
        self._write(self._head if self._live else f"{self._head} … ")
        if self._live:
            self._clock.start()

    def end(self, text: str) -> None:
        self._stop()
        self._write(f"\r\033[K{self._head} … {text}\n" if self._live else f"{text}\n")

    def seconds(self) -> float:
        return time.monotonic() - self._started

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            detail = f"{self._detail} · " if self._detail else ""
            self._write(f"\r\033[K{self._head} … {detail}{self.seconds():.0f} s")

    def _stop(self) -> None:
        self._ended.set()
        if self._clock.is_alive():
            self._clock.join()

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@contextmanager
def line(number: int, total: int, title: Words) -> Iterator[Line]:
    """Show a step while the block runs; the line ends with what was last told to `detail`, or says that it failed."""
    shown = Line(f"[{number}/{total}] {title}")
    shown.start()
    try:
        yield shown
    except BaseException:
        shown.end(str(Words("not finished", "끝나지 않음")))
        raise
    detail = f"{shown._detail}, " if shown._detail else ""
    shown.end(f"{detail}{shown.seconds():.1f} s")


def tell(text: object) -> None:
    """A line of its own on stderr."""
    print(text, file=sys.stderr, flush=True)
