"""The Claude CLI, taken out of the wheel that its makers publish on PyPI and checked against its hash.

Each operator downloads it: it is not ours to pass on.  The wheel carries one self-contained program, so none of
the wheel's own dependencies is needed.
"""

from __future__ import annotations

import hashlib
import platform
import zipfile
from pathlib import Path

from .packages import pip
from .words import Missing

VERSION = "2.1.327"
SHA256 = {
    "x86_64": "343c744baa14bfd38286a7cb90871051f04379956da6c5b803a9e66019a76ac9",
    "aarch64": "acf0ef2f9da8d5ab08f193f007e19a06cbfb608b96a2f1f758d63a92a386cff8",
}
_MEMBER = "claude_agent_sdk/_bundled/claude"
_BLOCK = 1 << 20


def sha256() -> str | None:
    """What the program must hash to on this processor; None where there is none."""
    return SHA256.get(platform.machine())


def fetch(folder: Path) -> Path:
    """Download the program (165 MB packed, 373 MB unpacked); raises Missing if it is not the pinned one."""
    pip("download", "--no-deps", "--no-cache-dir", "--dest", str(folder), "-r", "requirements-claude.txt")
    wheel = next(folder.glob("*.whl"))
    program = folder / "claude"
    if _unpack(wheel, program) != sha256():
        raise Missing(
            f"The Claude CLI in {wheel.name} is not the pinned {VERSION}; it was not installed.",
            f"{wheel.name} 안의 Claude CLI가 고정된 {VERSION}이 아니어서 설치하지 않았습니다.",
        )
    wheel.unlink()
    program.chmod(0o755)
    return program


def _unpack(wheel: Path, target: Path) -> str:
    """Take the program out of the wheel; its hash."""
    seen = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as source, target.open("wb") as copy:
        while block := source.read(_BLOCK):
            seen.update(block)
            copy.write(block)
    return seen.hexdigest()
