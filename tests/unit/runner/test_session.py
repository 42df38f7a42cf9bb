"""The CLI's record of a conversation, looked for in a home that an agent may have filled with traps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ohmyagent.runner import session
from ohmyagent.runner.files import Workspace

ID = "5d3c1c7e-8a53-4a6e-9f5d-0c2b7b1f4e11"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside.jsonl").write_text("a secret of the host")
    made = tmp_path / "home" / ".claude" / "projects" / "-workspace"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def home(tmp_path: Path, folder: Path) -> Iterator[Workspace]:
    fd = os.open(tmp_path / "home", os.O_RDONLY | os.O_DIRECTORY)
    yield Workspace(fd)
    os.close(fd)


def test_the_newest_record_is_found_whatever_its_folder_is_called(folder: Path, home: Workspace) -> None:
    for name, text, time in (("kept", "old", 1), ("-workspace", "new", 2)):
        (folder.parent / name).mkdir(exist_ok=True)
        record = folder.parent / name / f"{ID}.jsonl"
        record.write_text(text)
        os.utime(record, (time, time))

    found = session.kept(home, ID)

    assert found is not None
    assert (found.path, found.size) == (f".claude/projects/-workspace/{ID}.jsonl", 3)
    assert found.sha256 == sha256(b"new").hexdigest()


def test_a_link_to_the_host_is_not_followed(tmp_path: Path, folder: Path, home: Workspace) -> None:
    (folder / f"{ID}.jsonl").symlink_to(tmp_path / "outside.jsonl")
    assert session.kept(home, ID) is None


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path, folder: Path, home: Workspace) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{ID}.jsonl").write_text("a secret of the host")
    (folder.parent / "linked").symlink_to(elsewhere)
    assert session.kept(home, ID) is None


def test_a_pipe_and_an_empty_record_are_none(folder: Path, home: Workspace) -> None:
    os.mkfifo(folder / f"{ID}.jsonl")
    assert session.kept(home, ID) is None
    (folder / f"{ID}.jsonl").unlink()
    (folder / f"{ID}.jsonl").touch()
    assert session.kept(home, ID) is None


def test_a_record_beyond_what_is_kept_is_left(folder: Path, home: Workspace) -> None:
    with (folder / f"{ID}.jsonl").open("wb") as record:
        record.truncate(session.MOST_BYTES + 1)
    assert session.kept(home, ID) is None


def test_without_a_home_of_the_clis_there_is_none(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    assert session.kept(Workspace(fd), ID) is None
    os.close(fd)
