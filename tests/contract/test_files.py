"""What every Files must do, on a folder and on the wire of Cloud Storage; then what only one of them does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.domain.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unavailable

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def folder(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "files", b"secret")


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)) * 1000], ids=["empty", "one byte", "256 KB"])
def test_a_body_comes_back_as_it_was_written(files: Any, body: bytes) -> None:
    files.write("artifacts/e1/report.md", body)
    assert files.read("artifacts/e1/report.md") == body
    with files.open("artifacts/e1/report.md") as chunks:
        assert b"".join(chunks) == body


def test_what_comes_in_pieces_is_kept_under_its_digest_or_not_at_all(folder: FolderFiles, tmp_path: Path) -> None:
    digest = sha256(b"a body").hexdigest()
    for pieces in ([b"another"], []):
        with pytest.raises(Invalid):
            folder.receive(f"agents/{digest}", pieces)
    with pytest.raises(BrokenOff):
        folder.receive(f"agents/{digest}", _broken_off())
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    for _ in range(2):
        folder.receive(f"agents/{digest}", [b"a ", b"body"])
    assert folder.read(f"agents/{digest}") == b"a body"


def _broken_off() -> Iterator[bytes]:
    yield b"a "
    raise BrokenOff


class BrokenOff(Exception):
    """Whoever sends has gone."""


def test_a_large_body_is_read_in_chunks(files: Any) -> None:
    files.write("a", b"x" * 300_000)
    with files.open("a") as chunks:
        assert max(map(len, chunks)) <= 65_536


def test_keys_are_listed_by_what_they_begin_with(files: Any) -> None:
    for key in ("agents/u1/a/x", "agents/u1/b", "agents/u1/c/d/e", "agents/u10/a/x", "uploads/u1/f/y"):
        files.write(key, b"x")
    assert sorted(files.listed("agents/u1/")) == ["agents/u1/a/x", "agents/u1/b", "agents/u1/c/d/e"]
    for key in list(files.listed("agents/u1/")):
        files.delete(key)
    assert list(files.listed("agents/u1/")) == list(files.listed("agents/none/")) == []
    assert list(files.listed("agents/u10/")) == ["agents/u10/a/x"]
    with pytest.raises(Invalid):
        list(files.listed("../"))


def test_what_is_not_there_is_not_found(files: Any) -> None:
    assert not files.exists("a/b")
    with pytest.raises(NotFound):
        files.read("a/b")
    with pytest.raises(NotFound), files.open("a/b"):
        pass
    files.delete("a/b")


def test_what_is_deleted_is_gone(files: Any) -> None:
    files.write("a/b", b"x")
    assert files.exists("a/b")
    files.delete("a/b")
    assert not files.exists("a/b")
    files.write("a/b", b"y")
    assert files.read("a/b") == b"y"


def test_a_key_may_go_on_where_another_ends(files: Any) -> None:
    files.write("a", b"1")
    files.write("a/b", b"2")
    files.write("a/b/c", b"3")
    assert [files.read(key) for key in ("a", "a/b", "a/b/c")] == [b"1", b"2", b"3"]
    assert not files.exists("a/b/c/d")


def test_writing_the_same_again_is_no_error_but_another_body_is(files: Any) -> None:
    files.write("a", b"x")
    files.write("a", b"x")
    with pytest.raises(AlreadyExists):
        files.write("a", b"y")
    assert files.read("a") == b"x"


def test_of_many_bodies_written_at_once_one_is_kept_whole(files: Any, tmp_path: Path) -> None:
    def write(number: int) -> bool:
        try:
            files.write("a/b", bytes([number]) * 100_000)
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(8)))
    assert sum(won) == 1
    assert files.read("a/b") == bytes([won.index(True)]) * 100_000
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] in (["b~"], [])


def test_bodies_are_readable_by_their_owner_only(folder: FolderFiles, tmp_path: Path) -> None:
    folder.write("a/b", b"x")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "files").rglob("*")}
    assert modes == {"a": 0o700, "b~": 0o600}


BAD_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "a/./b",
    "a b",
    "a\0",
    "a\n",
    "한",
    "a%2e",
    "a~",
    "a\\b",
    "~",
    "x" * 201,
    "x/" * 300 + "x",
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_other_keys_are_refused_before_anything_happens(files: Any, tmp_path: Path, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: files.write(key, b"x"),
        lambda: files.read(key),
        lambda: files.exists(key),
        lambda: files.delete(key),
        lambda: files.upload_url(key, 1, LATER),
        lambda: files.download_url(key, LATER),
    ]
    for call in calls:
        with pytest.raises(Invalid) as caught:
            call()
        assert [error.field for error in caught.value.errors] == ["key"]
    assert not (tmp_path / "files").exists()


def test_dots_within_names_are_fine(files: Any) -> None:
    for key in ("..a", "a..", "a...b/.hidden", "..."):
        files.write(key, key.encode())
        assert files.read(key) == key.encode()


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a folder")
    with pytest.raises(Unavailable):
        FolderFiles(tmp_path / "files", b"secret").write("a/b", b"x")


# Links


def parts(url: str) -> tuple[str, int, int, str]:
    """Key, length, expires, signature: as the server takes them from the address."""
    split = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    key = split.path.removeprefix("/runner/files/")
    return key, int(query["length"]), int(query["expires"]), query["signature"]


def test_a_link_is_good_for_its_method_key_length_and_time(folder: FolderFiles) -> None:
    url = folder.upload_url("uploads/e1/a.bin", 120, LATER)
    assert url.startswith("/runner/files/uploads/e1/a.bin?")
    key, length, expires, signature = parts(url)
    assert (key, length, expires) == ("uploads/e1/a.bin", 120, int(LATER.timestamp()))
    folder.verify("PUT", key, length, expires, signature, NOON)
    folder.verify("PUT", key, length, expires, signature, LATER - timedelta(seconds=1))
    for refused in (
        lambda: folder.verify("GET", key, length, expires, signature, NOON),
        lambda: folder.verify("PUT", "uploads/e1/b.bin", length, expires, signature, NOON),
        lambda: folder.verify("PUT", key, length + 1, expires, signature, NOON),
        lambda: folder.verify("PUT", key, length, expires + 1, signature, NOON),
        lambda: folder.verify("PUT", key, length, expires, signature[:-1], NOON),
        lambda: folder.verify("PUT", key, length, expires, "é\ud800", NOON),
        lambda: folder.verify("PUT", key, length, expires, signature, LATER),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_a_download_link_is_no_upload_link(folder: FolderFiles) -> None:
    key, length, expires, signature = parts(folder.download_url("a", LATER))
    folder.verify("GET", key, length, expires, signature, NOON)
    with pytest.raises(Forbidden):
        folder.verify("PUT", key, length, expires, signature, NOON)


def test_a_link_of_another_platform_is_refused(folder: FolderFiles, tmp_path: Path) -> None:
    other = FolderFiles(tmp_path / "files", b"other secret")
    key, length, expires, signature = parts(other.download_url("a", LATER))
    with pytest.raises(Forbidden):
        folder.verify("GET", key, length, expires, signature, NOON)
