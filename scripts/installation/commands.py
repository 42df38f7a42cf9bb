"""Other programs, run with everything they print kept in one log."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .places import LOG, ROOT

# How pip, npm, apt and compilers begin a line that says what went wrong.
_ERROR = re.compile(r"^(npm error \S|ERROR:|E:|Error:|error:)|: error ")


class Failed(Exception):
    """A program that set-up called ended with an error; `said` is what it said about it, at most six lines."""

    def __init__(self, command: Sequence[str], printed: Sequence[str]) -> None:
        super().__init__(" ".join(command))
        errors = [text for text in printed if _ERROR.search(text)]
        self.said = errors[:6] or printed[-6:]


def run(
    command: Sequence[str],
    *,
    seen: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> None:
    """Run a program to its end.  `seen` gets each line it prints; raises Failed when it ends with an error."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    printed: deque[str] = deque(maxlen=200)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as child:
            assert child.stdout is not None
            for text in child.stdout:
                log.write(text)
                printed.append(text.rstrip())
                if seen:
                    seen(text)
    if child.returncode:
        raise Failed(command, [text for text in printed if text])
