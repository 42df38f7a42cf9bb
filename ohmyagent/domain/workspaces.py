"""An agent's files between runs: which paths, with which content, written by which run."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from ohmyagent.domain.errors import Invalid, TooLarge
from ohmyagent.domain.executions import StoredFile
from ohmyagent.domain.record import Instant, Record

QUOTA_BYTES = 256 * 2**20
MOST_FILES = 10_000
_BAD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\\]")
_INERT = frozenset({".claude", ".mcp.json", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", ".git", ".husky"})
_PYTHON = frozenset({"sitecustomize", "usercustomize"})
_SHELL = frozenset({".bashrc", ".profile", ".bash_profile", ".bash_login", ".zshrc", ".zshenv", ".envrc"})


def normal_path(text: str) -> str:
    """A relative path with `/`; raises ValueError for anything that could leave the workspace."""
    if _BAD.search(text) or text.startswith("/") or not text:
        raise ValueError("is not a relative path")
    parts = PurePosixPath(text).parts
    if not parts or ".." in parts or len(parts) > 32 or any(len(part.encode()) > 255 for part in parts):
        raise ValueError("is not a relative path")
    return "/".join(parts)


def configures(path: str) -> bool:
    """Whether the file could change how the next run behaves; such files are never kept."""
    parts = path.split("/")
    starts_python = any(part.partition(".")[0] in _PYTHON for part in parts)
    return starts_python or any(part in _INERT for part in parts) or parts[-1] in _SHELL


Path = Annotated[str, Field(max_length=1_000), AfterValidator(normal_path)]


class Workspace(Record):
    """The manifest; bodies are in Files by digest.  `executionId` is None after a change by hand."""

    agent_id: str
    user_id: str
    version: int = 0
    execution_id: str | None = None
    files: tuple[StoredFile, ...] = ()
    updated_at: Instant

    def file(self, path: str) -> StoredFile | None:
        return next((file for file in self.files if file.path == path), None)

    def saved(self, files: tuple[StoredFile, ...], execution_id: str | None, now: Instant) -> Self:
        """The next version; raises Invalid or TooLarge when it is more than a workspace may hold."""
        if len(files) > MOST_FILES:
            raise Invalid.of("files", f"a workspace holds at most {MOST_FILES} files")
        if sum(file.bytes for file in files) > QUOTA_BYTES:
            raise TooLarge("A workspace holds at most 256 MB.", korean="작업 폴더는 256 MB까지입니다.")
        ordered = tuple(sorted(files, key=lambda file: file.path))
        return self.replace(files=ordered, execution_id=execution_id, version=self.version + 1, updated_at=now)

    def written(self, file: StoredFile, now: Instant) -> Self:
        return self.saved((*(f for f in self.files if f.path != file.path), file), None, now)

    def without(self, path: str, now: Instant) -> Self:
        return self.saved(tuple(f for f in self.files if f.path != path), None, now)
