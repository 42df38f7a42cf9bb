"""What must come from the operating system: bubblewrap, and for some tests a browser."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import claude, environment
from .commands import Failed, run
from .progress import Line
from .words import Missing, Words


@dataclass(frozen=True)
class Need:
    """Something that a system package brings: how to see that it is there, and Debian's name of the package."""

    package: str
    there: Callable[[], bool]
    required: bool = True


def _library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _environments() -> bool:
    return environment.PYTHON.exists() or environment.can_create()


def _hangul() -> bool:
    folders = ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/share/fonts/google-noto-cjk")
    return any(os.path.isdir(folder) and any("CJK" in name for name in os.listdir(folder)) for folder in folders)


def _browser() -> bool:
    return bool(shutil.which("chromium") or shutil.which("chromium-browser"))


RUN = (
    Need("python3-venv", _environments),
    Need("bubblewrap", lambda: shutil.which("bwrap") is not None),
    Need("libseccomp2", lambda: _library("libseccomp.so.2")),
)
TEST = (
    *RUN,
    Need("chromium", _browser, required=False),
    Need("libatomic1", lambda: _library("libatomic.so.1"), required=False),  # Playwright's driver is linked to it
    Need("fonts-noto-cjk", _hangul, required=False),
)

_MANAGERS = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "zypper": "zypper install -y",
    "pacman": "pacman -S",
}


@dataclass(frozen=True)
class System:
    """The packages of the operating system: installed when root on a machine with apt, else asked for."""

    needs: Sequence[Need]
    installs: bool
    title = Words("System packages", "시스템 패키지")

    def pending(self) -> bool:
        _refuse_other_machines()
        missing = [need for need in self.needs if not need.there()]
        if not missing or self.installs:
            return bool(missing)
        if any(need.required for need in missing):
            raise _missing([need.package for need in missing])
        return False

    def install(self, line: Line) -> None:
        packages = [need.package for need in self.needs if not need.there()]
        line.detail(", ".join(packages))
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=120"]
        try:
            run(["apt-get", "-q", "update"], environment=quiet)
            run(["apt-get", "-q", "-y", *wait, "install", "--no-install-recommends", *packages], environment=quiet)
        except Failed as failure:
            raise _missing(packages) from failure


def notices() -> Sequence[Words]:
    """For each optional need that is not met, what goes without it."""
    return [_skipped(need.package) for need in TEST if not need.required and not need.there()]


def _refuse_other_machines() -> None:
    if sys.platform != "linux":
        raise Missing(
            "Agents run in a sandbox that only Linux has: use Linux, WSL 2 on Windows, or a virtual machine.",
            "에이전트는 리눅스에만 있는 샌드박스에서 실행됩니다. 리눅스, 윈도우의 WSL 2, 가상 머신 중 하나를 쓰세요.",
        )
    if not claude.sha256():
        raise Missing(
            f"There is no Claude CLI for this processor ({platform.machine()}), only for x86_64 and aarch64.",
            f"이 프로세서({platform.machine()})용 Claude CLI가 없습니다. x86_64 또는 aarch64 머신이 필요합니다.",
        )


def can_install() -> bool:
    """Whether set-up may install packages: as root, with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _command(packages: Sequence[str]) -> str:
    manager = next((name for name in _MANAGERS if shutil.which(name)), "apt-get")
    return f"{'' if os.geteuid() == 0 else 'sudo '}{_MANAGERS[manager]} {' '.join(packages)}"


def _missing(packages: Sequence[str]) -> Missing:
    command = _command(packages)
    names = ", ".join(packages)
    return Missing(
        f"This machine lacks {names}; install it with:  {command}",
        f"이 컴퓨터에 {names} 패키지가 없습니다. 다음으로 설치하세요:  {command}",
    )


def _skipped(package: str) -> Words:
    command = _command([package])
    return Words(
        f"Note: {package} is missing, so the tests that need it are skipped; install it with:  {command}",
        f"알림: {package} 패키지가 없어 그것이 필요한 시험을 건너뜁니다. 설치:  {command}",
    )
