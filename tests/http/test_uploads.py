"""Files that are given to a conversation."""

import io

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from ohmyagent.http import operations
from ohmyagent.http.scales import Scales
from ohmyagent.use_cases import uploading
from tests.http.world import Api, Person

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)


def give(person: Person, name: str, body: bytes) -> TestResponse:
    boundary, form = encode_multipart({"file": FileStorage(io.BytesIO(body), name)})
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return person.post("/api/uploads", data=form, headers=headers)


@pytest.mark.parametrize(
    ("name", "body", "media_type", "excerpt"),
    [
        ("매출.csv", "주,매출\n1,2\n".encode(), "text/csv", "주,매출\n1,2\n"),
        ("윈도.csv", "주,매출\n".encode("cp949"), "text/csv", "주,매출\n"),
        ("notes.md", b"\xef\xbb\xbf# Notes", "text/markdown", "# Notes"),
        ("utf16.txt", "가나".encode("utf-16"), "text/plain", "가나"),
        ("picture.txt", PNG, "image/png", None),
        ("long.txt", b"x" * 10_000, "text/plain", "x" * 4_000),
    ],
)
def test_a_file_is_known_by_its_content_and_shown_by_its_beginning(
    api: Api, name: str, body: bytes, media_type: str, excerpt: str | None
) -> None:
    kept = give(api.guest(), name, body)
    assert kept.status_code == 201
    assert {key: kept.json[key] for key in ("name", "mediaType", "bytes", "excerpt")} == {
        "name": name, "mediaType": media_type, "bytes": len(body), "excerpt": excerpt,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("empty.txt", b""),
        ("program.exe", b"MZ\x00\x00\xff"),
        ("archive.zip", b"PK\x03\x04 no archive"),
        ("", b"nameless"),
        ("a\nb.txt", b"two lines"),
        ("x" * 201, b"a long name"),
    ],
)
def test_what_is_refused_names_the_file_and_nothing_is_kept(api: Api, name: str, body: bytes) -> None:
    person = api.guest()
    before = api.dump()
    refused = give(person, name, body)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "file")
    assert api.dump() == before


def test_more_than_twenty_megabytes_are_refused(api: Api) -> None:
    assert give(api.guest(), "big.txt", b"x" * (20 * 2**20 + 1)).status_code == 413


def test_a_person_keeps_a_hundred_at_most(api: Api) -> None:
    person = api.guest()
    for number in range(100):
        assert give(person, f"{number}.txt", b"x").status_code == 201
    assert give(person, "one-more.txt", b"x").json["errors"][0]["field"] == "file"


def test_a_persons_files_have_an_end_together(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "MOST_TOGETHER", 1_000)
    person = api.guest()
    assert [give(person, "a.txt", b"x" * size).status_code for size in (600, 401, 400, 1)] == [201, 422, 201, 422]
    assert give(api.guest(), "a.txt", b"x" * 600).status_code == 201


def test_only_its_owner_may_delete_a_file(api: Api) -> None:
    owner, other = api.guest(), api.guest()
    upload = give(owner, "a.txt", b"x").json
    assert other.delete(f"/api/uploads/{upload['id']}").status_code == 404
    assert owner.delete(f"/api/uploads/{upload['id']}").status_code == 204
    assert owner.delete(f"/api/uploads/{upload['id']}").status_code == 404


def test_files_weigh_while_they_are_taken_and_nothing_else_does(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    scales = Scales(10, waiting=0)
    monkeypatch.setattr(operations, "FILES", scales)
    person = api.guest()
    with scales.holding(10):
        refused = give(person, "a.txt", b"x" * 10)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert person.agent()["name"]
    assert give(person, "a.txt", b"x" * 10).status_code == 201
