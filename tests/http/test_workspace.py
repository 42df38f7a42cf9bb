"""The files of an agent's workspace over HTTP."""

import io
from urllib.parse import quote

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.http.world import Api, Person


def upload(person: Person, agent_id: str, name: str, body: bytes, **fields: str) -> TestResponse:
    boundary, form = encode_multipart({"file": FileStorage(io.BytesIO(body), name), **fields})
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return person.post(f"/api/agents/{agent_id}/files", data=form, headers=headers)


def test_a_file_goes_up_is_listed_comes_down_and_goes(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]

    kept = upload(person, agent_id, "매출 2026.csv", b"a,b\n", path="data/매출 2026.csv")
    assert (kept.status_code, kept.json) == (201, {"path": "data/매출 2026.csv", "bytes": 4})

    files = f"/api/agents/{agent_id}/files"
    assert person.get(files).json == {"items": [{"path": "data/매출 2026.csv", "bytes": 4}], "nextCursor": None}
    address = f"{files}/{quote('data/매출 2026.csv')}"
    assert person.get(address).data == b"a,b\n"
    assert person.delete(address).status_code == 204
    assert person.delete(address).status_code == 404
    assert person.get(address).status_code == 404


def test_a_download_is_saved_and_never_shown(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    upload(person, agent_id, 'a".html', b"<script>alert(1)</script>", path='보고"서.html')

    name = quote('보고"서.html')
    headers = person.get(f"/api/agents/{agent_id}/files/{name}").headers

    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"____.html\"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%22%EC%84%9C.html"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert headers["Content-Length"] == "25"


def test_a_file_may_go_to_a_path_in_the_address(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]

    kept = person.post(f"/api/agents/{agent_id}/files/in/a.txt", data={"file": (io.BytesIO(b"x"), "b.txt")})

    assert kept.json == {"path": "in/a.txt", "bytes": 1}


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/passwd", "a/../../b", "", "a\\b", "a\x00b", "CLAUDE.md", ".claude/settings.json", "x/.mcp.json"],
)
def test_a_path_that_leaves_or_configures_is_refused(api: Api, path: str) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    before = api.dump()

    refused = upload(person, agent_id, "a.txt", b"x", path=path)

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "path")
    assert api.dump() == before


def test_twenty_megabytes_are_kept_and_a_byte_more_is_not(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    most = 20 * 2**20

    assert upload(person, agent_id, "most.bin", bytes(most)).status_code == 201
    assert upload(person, agent_id, "more.bin", bytes(most + 1)).status_code == 413
    assert upload(person, agent_id, "much.bin", bytes(most + 2**20)).status_code == 413
    assert [file["path"] for file in person.get(f"/api/agents/{agent_id}/files").json["items"]] == ["most.bin"]


def test_nothing_changes_under_a_run(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    upload(person, agent_id, "a.txt", b"x")
    api.claimed(person.run(agent_id)["id"])

    written = upload(person, agent_id, "a.txt", b"y")
    removed = person.delete(f"/api/agents/{agent_id}/files/a.txt")

    assert [(answer.status_code, answer.json["code"]) for answer in (written, removed)] == [(409, "agent_running")] * 2
    assert person.get(f"/api/agents/{agent_id}/files/a.txt").data == b"x"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "file"),
        ({"file": "a text, not a file"}, "file"),
        ({"path": "a.txt"}, "file"),
        ({"file": (io.BytesIO(b"x"), "a"), "owner": "me"}, "owner"),
        ({"file": (io.BytesIO(b"x"), "a"), "other": (io.BytesIO(b"y"), "b")}, "other"),
        ({"file": [(io.BytesIO(b"x"), "a"), (io.BytesIO(b"y"), "b")]}, "file"),
    ],
)
def test_a_form_holds_one_file_and_nothing_strange(api: Api, data: dict[str, object], field: str) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}/files"

    refused = person.post(path, data=data, content_type="multipart/form-data")

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
