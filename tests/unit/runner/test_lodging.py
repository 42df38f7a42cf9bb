"""How much a restricted agent's folders hold, by descriptors, whatever the agent made of them."""

import os
from pathlib import Path

import pytest

from ohmyagent.runner import lodging
from ohmyagent.runner.container import Container
from ohmyagent.runner.lodging import DEEPEST, MOST_ENTRIES


def sizes(folder: Path) -> list[int]:
    return list(lodging._sizes(str(folder)))


def test_files_count_by_what_they_take_and_folders_and_links_count_too(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "full").write_bytes(bytes(100_000))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "link").symlink_to("/")
    found = sizes(tmp_path)
    assert len(found) == 4
    assert 100_000 <= sum(found) < 200_000


def test_a_tree_deeper_than_any_path_counts_as_too_many_files(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEPEST + 5):
        os.mkdir("d" * 50, dir_fd=here)
        inner = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    before = len(os.listdir("/proc/self/fd"))
    assert len(sizes(tmp_path)) > MOST_ENTRIES
    assert len(os.listdir("/proc/self/fd")) == before
    lodging._empty(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_host_is_no_container_of_ours(tmp_path: Path) -> None:
    assert Container.around(str(tmp_path / "missing")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests do not run as root")
def test_a_mark_that_others_could_have_made_marks_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "container"
    mark.touch()
    mark.chmod(0o666)
    assert Container.around(str(mark)) is None
    mark.chmod(0o644)
    assert Container.around(str(mark)) is not None
    os.chown(mark, 1234, 1234)
    assert Container.around(str(mark)) is None
