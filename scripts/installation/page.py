"""The web page: `web/` built into `web/dist`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from . import node, stamps
from .commands import Failed, run
from .places import TOOLS, WEB
from .progress import Line
from .words import Missing, Words

_STAMP = TOOLS / "page"
_MODULES_STAMP = WEB / "node_modules" / ".lock"
_DIST, _NEW, _OLD = WEB / "dist", WEB / "dist.new", WEB / "dist.old"
_MADE = {"node_modules", "dist", "dist.new", "dist.old"}


class Page:
    """The built page, made again when anything in `web/` changed."""

    title = Words("Web page", "웹 페이지")

    def pending(self) -> bool:
        return not ((_DIST / "index.html").exists() and stamps.stamped(_STAMP, _made_from()))

    def install(self, line: Line) -> None:
        made_from = _made_from()
        install_modules(line)
        line.detail("")
        _npm("run", "build", "--", "--outDir", _NEW.name, "--emptyOutDir")
        _swap()
        stamps.put(_STAMP, made_from)


def install_modules(line: Line) -> None:
    """Node, and the packages of `package-lock.json`, which names the hash of each."""
    if not node.of_the_machine():
        line.detail(str(Words("getting Node from PyPI", "PyPI에서 Node를 받는 중")))
        node.install()
    made_from = stamps.digest(node.npm(), files=[WEB / "package-lock.json"])
    if stamps.stamped(_MODULES_STAMP, made_from):
        return
    line.detail(str(Words("npm packages", "npm 패키지")))
    try:
        _npm("ci", "--no-audit", "--no-fund")
    except Failed as failure:
        raise Missing(
            "npm could not get the page's packages: check the connection to the npm registry, then repeat the command.",
            "npm이 웹 페이지의 패키지를 가져오지 못했습니다. npm 저장소 연결을 확인한 뒤 명령을 다시 실행하세요.",
        ) from failure
    stamps.put(_MODULES_STAMP, made_from)


def _swap() -> None:
    """Put the new page in the old one's place, so that a running platform never serves half a build."""
    shutil.rmtree(_OLD, ignore_errors=True)
    if _DIST.exists():
        _DIST.rename(_OLD)
    _NEW.rename(_DIST)
    shutil.rmtree(_OLD, ignore_errors=True)


def _npm(*arguments: str) -> None:
    run(node.npm(*arguments), environment=node.surroundings(), folder=WEB)


def _made_from() -> str:
    return stamps.digest(files=sorted(_sources()))


def _sources() -> Iterator[Path]:
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in _MADE]
        yield from (Path(folder) / name for name in names)
