"""Where one machine's platform keeps its state: everything that a backup holds and a restore brings back."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ohmyagent.domain.errors import Conflict


@dataclass(frozen=True)
class DataFolder:
    root: Path

    @property
    def database(self) -> Path:
        return self.root / "oma.db"

    @property
    def key(self) -> Path:
        return self.root / "vault.key"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by the one platform, or the one restore, that works on this folder; raises Conflict.

        The kernel gives it back when the process ends, however it ends.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.root / "oma.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise Conflict(
                f"A platform is running on {self.root}; stop it first.",
                korean=f"{self.root}에서 플랫폼이 실행 중입니다. 먼저 멈춰 주세요.",
            ) from None
        try:
            yield
        finally:
            os.close(handle)
