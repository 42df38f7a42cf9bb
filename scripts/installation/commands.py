"""Other programs, run with everything they print kept in one log."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .places import LOG, ROOT


class Failed(Exception):
    """A program that set-up called ended with an error."""

    def __init__(self, command: Sequence[str], last_lines: Sequence[str]) -> None:
        super().__init__(" ".join(command))
        self.last_lines = last_lines


def run(
    command: Sequence[str],
    *,
    seen: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> None:
    """Run a program to its end.  `seen` gets each line it prints; raises Failed with the last ones."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    last: deque[str] = deque(maxlen=6)
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
                last.append(text.rstrip())
                if seen:
                    seen(text)
    if child.returncode:
        raise Failed(command, [text for text in last if text])
