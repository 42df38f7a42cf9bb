"""A terminal with the command in it: what a person would see, typed and read through a pseudo-terminal."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROWS, COLUMNS = 40, 120


def _log_in(slave: int) -> None:
    """As a shell gives it to a command: one in the background has Ctrl-C ignored, and so would all that it starts."""
    os.login_tty(slave)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class PseudoTerminal:
    """`screen` is all that was written so far, escapes too."""

    def __init__(self, *words: str, **environment: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "OMA_SANDBOX_HOME") if name in os.environ}
        self.screen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ohmyagent.cli.main", *words],
            cwd=ROOT, env=kept | {"TERM": "xterm-256color"} | environment, pass_fds=[slave],
            preexec_fn=lambda: _log_in(slave),
        )  # fmt: skip
        os.close(slave)

    @property
    def text(self) -> str:
        """The same without escapes."""
        return ESCAPES.sub("", self.screen)

    def until(self, sign: str, seconds: float = 120) -> str:
        """The text once the sign is in it."""
        deadline = time.monotonic() + seconds
        while sign not in self.text:
            if time.monotonic() > deadline or not self._read(0.2):
                raise AssertionError(f"no {sign!r} on the terminal:\n{self.text}")
        return self.text

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self, seconds: float = 120) -> int:
        """The exit code, once the command has ended by itself."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._read(0.2):
            pass
        return self.process.wait(max(1.0, deadline - time.monotonic()))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self, seconds: float) -> bool:
        """Take what came within that time; False when the command has closed the terminal."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            found = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody holds the other side any more
            return False
        self.screen += found.decode("utf-8", "replace")
        return bool(found)
