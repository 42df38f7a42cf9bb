"""The walk of a dead sandbox's workspace, on a folder full of traps."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from ohmyagent.runner import files
from ohmyagent.runner.files import Findings, Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "workspace"
    inner.mkdir()
    (tmp_path / "outside.txt").write_text("outside")
    return inner


def survey(folder: Path) -> Findings:
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return Workspace(root).survey()
    finally:
        os.close(root)


def paths(found: Findings) -> list[str]:
    return [file.path for file in found.files]


def test_regular_files_are_listed_with_size_and_hash(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "한글.txt").write_bytes(b"hello")
    [file] = survey(folder).files
    assert (file.path, file.size, file.sha256) == ("a/한글.txt", 5, hashlib.sha256(b"hello").hexdigest())


def test_links_lead_nowhere(folder: Path) -> None:
    (folder / "file").symlink_to(folder.parent / "outside.txt")
    (folder / "folder").symlink_to(folder.parent)
    (folder / "self").symlink_to("self")
    found = survey(folder)
    assert paths(found) == []
    assert len(found.notes) == 3


def test_a_file_below_a_link_cannot_be_opened_by_its_path(folder: Path) -> None:
    (folder / "folder").symlink_to(folder.parent)
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises(OSError, match=r"."):
            Workspace(root).open("folder/outside.txt")
        (folder / "inner").mkdir()
        with pytest.raises(OSError, match="no regular file"):
            Workspace(root).open("inner")
    finally:
        os.close(root)


def test_pipes_do_not_block(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert survey(folder).notes == ["a pipe was left out: pipe"]


def test_what_its_owner_may_not_read_is_read(folder: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed" / "f").write_text("x")
    (folder / "closed" / "f").chmod(0)
    (folder / "closed").chmod(0)
    assert paths(survey(folder)) == ["closed/f"]


@pytest.mark.parametrize(
    "name",
    [".claude", ".mcp.json", "CLAUDE.md", "claude.MD", "CLAUDE.local.md", "AGENTS.md", ".bashrc", ".profile", ".envrc"],
)
def test_configuration_is_left_out_wherever_it_is(name: str, folder: Path) -> None:
    (folder / "deep").mkdir()
    for place in (folder, folder / "deep"):
        if name == ".claude":
            (place / name).mkdir()
            (place / name / "settings.json").write_text("{}")
        else:
            (place / name).write_text("x")
    found = survey(folder)
    assert paths(found) == []
    assert len(found.notes) == 2


def test_git_hooks_are_left_out_and_the_rest_of_git_stays(folder: Path) -> None:
    (folder / ".git" / "hooks").mkdir(parents=True)
    (folder / ".git" / "hooks" / "pre-commit").write_text("x")
    (folder / ".git" / "HEAD").write_text("x")
    assert paths(survey(folder)) == [".git/HEAD"]


@pytest.mark.parametrize("name", [b"a\nb", b"a\x1b[31m", b"\xff\xfe", b"a\\b", b"\xe2\x80\xaegpj.exe"])
def test_odd_names_are_noted_without_their_oddity(name: bytes, folder: Path) -> None:
    (folder / os.fsdecode(name)).write_text("x")
    found = survey(folder)
    assert paths(found) == []
    assert found.notes[0].isprintable()


def test_a_tree_of_3000_folders_ends(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    open_before = len(os.listdir("/proc/self/fd"))
    found = survey(folder)
    assert "deeper than 64 folders" in found.notes[0]
    assert len(os.listdir("/proc/self/fd")) == open_before
    subprocess.run(["rm", "-rf", folder / "d"], check=True)  # shutil.rmtree, which clears up after tests, recurses


def test_the_quota_holds_for_the_sum_and_for_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "QUOTA_BYTES", 1000)
    for name, size in (("a", 600), ("b", 600), ("c", 300), ("d", 5000)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    found = survey(folder)
    assert paths(found) == ["a", "c"]
    assert len(found.notes) == 2


def test_a_sparse_terabyte_costs_nothing(folder: Path) -> None:
    with (folder / "huge").open("wb") as file:
        file.truncate(1 << 40)
    assert survey(folder).notes == ["too large (1099511627776 bytes), left out: huge"]


def test_notes_do_not_flood(folder: Path) -> None:
    for number in range(200):
        (folder / f"link{number}").symlink_to("/")
    found = survey(folder)
    assert len(found.notes) == 51
    assert found.notes[-1] == "and 150 more of such"
