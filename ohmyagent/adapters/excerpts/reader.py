"""Starts the child that reads: a document may be made to keep a parser busy or to fill the memory."""

import subprocess
import sys
import threading
from pathlib import Path

import structlog

log = structlog.get_logger()

SECONDS = 10.0
CHILD = "ohmyagent.adapters.excerpts.child"
ROOT = Path(__file__).resolve().parents[3]
"""Where the package lies: the child is told nothing else of its surroundings."""


class ProcessReader:
    """One child for each document, one at a time: a function has half a gigabyte, and a child may take half of that."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()

    def excerpt(self, body: bytes, media_type: str, length: int) -> str | None:
        """The beginning as text, at most `length` characters; None when it has none or could not be read in time."""
        if not self._turn.acquire(timeout=self._seconds):
            log.info("document not read", media_type=media_type, reason="busy")
            return None
        try:
            return self._read(body, media_type, length)
        finally:
            self._turn.release()

    def _read(self, body: bytes, media_type: str, length: int) -> str | None:
        command = [sys.executable, "-m", CHILD, media_type, str(length)]
        try:
            done = subprocess.run(
                command, input=body, capture_output=True, timeout=self._seconds, check=False,
                env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            log.info("document not read", media_type=media_type, reason="timeout")
            return None
        if done.returncode != 0:
            log.info("document not read", media_type=media_type, reason=f"exit {done.returncode}")
            return None
        return done.stdout.decode("utf-8", "replace")[:length] or None
