"""Taking everything along, and leaving: what an export holds, and that nothing is left when an account has ended."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.domain.blocks import SHARES, Counted
from ohmyagent.domain.errors import Unavailable
from ohmyagent.domain.executions import Status
from ohmyagent.http.addresses import Approach
from ohmyagent.ports import Store
from ohmyagent.use_cases import erasing, exporting
from tests.http.test_beta import FORM, google
from tests.http.world import NOON, Api, Person

CANARY = "canary-81c2-아무도-몰라"
BODY = b"column\n" + CANARY.encode()
GOODBYE = {"confirmation": "delete my account"}


def lived(api: Api, person: Person) -> dict[str, str]:
    """Somebody who has used everything there is."""
    agent = person.agent(
        name=CANARY, finalPrompt=CANARY, network={"allow": ["api.example.com"]},
        schedule={"cron": "0 9 * * *", "timezone": "Asia/Seoul"},
    )["id"]  # fmt: skip
    secret = {"value": "canary-secret-81c2", "hosts": ["api.example.com"]}
    assert person.put(f"/api/agents/{agent}/secrets/key", json=secret).status_code == 200
    assert person.post(f"/api/agents/{agent}/files", data={"file": (io.BytesIO(BODY), "a.csv")}).status_code == 201
    assert person.post(f"/api/agents/{agent}/hooks").status_code == 201
    assert person.post(f"/api/agents/{agent}/webhook-secret").status_code < 300
    assert person.post("/api/uploads", data={"file": (io.BytesIO(BODY), "b.csv")}).status_code == 201
    person.post("/api/beta/applications", json=FORM)
    run = person.run(agent, input=CANARY)["id"]
    runner = api.claimed(run)
    left = b"artifact " + CANARY.encode()
    file = {"path": "report.txt", "bytes": len(left), "sha256": hashlib.sha256(left).hexdigest()}
    [upload] = runner.post("files", files=[file]).json["uploads"]
    assert runner.put(upload["url"], left).status_code < 300
    event = {"seq": 1, "time": "2026-11-20T12:00:00Z", "type": "text", "text": CANARY}
    assert runner.post("events", fromSeq=1, events=[event]).status_code == 200
    done = runner.post("finish", outcome="failed", errorCode="agent", lastSeq=1, artifacts=[file])
    assert done.status_code == 200, done.text
    person.get("/api/account/export")
    return {"agent": agent, "run": run}


def rounds(api: Api, seconds: int = 600) -> None:
    """What the clock does in ten minutes."""
    here = api.platform
    for _ in range(seconds // 15):
        erasing.round(here.store, here.queue, here.files, here.pace, here.now())
        api.clock.time += timedelta(seconds=15)


def names_of(store: Store, user_id: str) -> dict[str, int]:
    return erasing.remaining(store, _NoFiles(), user_id)


class _NoFiles:
    def listed(self, prefix: str) -> list[str]:
        return []


def test_the_export_holds_all_of_it_and_nothing_that_lets_somebody_in(api: Api) -> None:
    person, other = google(api, "kim@example.com"), google(api, "lee@example.com")
    ids = lived(api, person)
    stranger = other.agent(name="another's")

    answer = person.get("/api/account/export")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    names = archive.namelist()
    slug = ids["agent"].replace("_", "-")
    assert archive.read(f"agents/{slug}/workspace/a.csv") == BODY
    assert CANARY in archive.read(f"agents/{slug}/agent.md").decode()
    assert CANARY in archive.read(f"executions/{ids['run']}/log.jsonl").decode()
    assert archive.read(f"executions/{ids['run']}/artifacts/report.txt").endswith(CANARY.encode())
    assert json.loads(archive.read("profile.json"))["email"] == "kim@example.com"
    assert [json.loads(line)["text"] for line in archive.read("data/inputs.jsonl").splitlines()] == [CANARY]
    assert any(name.startswith("uploads/") and archive.read(name) == BODY for name in names)
    assert "exported" in archive.read("data/audit.jsonl").decode()
    whole = b"".join(archive.read(name) for name in names).decode()
    for hidden in (person.token, "canary-secret-81c2", hashlib.sha256(person.token.encode()).hexdigest(), "Digest"):
        assert hidden not in whole
    assert stranger["id"] not in whole
    assert "sealed" not in whole


class _Noted:
    """Somebody's files, with a note of which were opened and are open still; `breaks`: bodies end in the middle."""

    def __init__(self, files: Any, *, breaks: bool = False) -> None:
        self._files, self._breaks, self.opened, self.held = files, breaks, 0, 0

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        self.opened += 1
        self.held += 1
        try:
            with self._files.open(key) as chunks:
                yield self._broken() if self._breaks else chunks
        finally:
            self.held -= 1

    def _broken(self) -> Iterator[bytes]:
        yield os.urandom(3 * exporting.PIECE)
        raise Unavailable()


def test_an_export_is_sent_as_it_is_made_and_held_nowhere(api: Api) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent()
    for number in range(4):
        body = {"file": (io.BytesIO(os.urandom(200_000)), f"{number}.bin")}
        assert person.post(f"/api/agents/{agent['id']}/files", data=body).status_code == 201
    files, user = _Noted(api.platform.files), records.users.get(api.platform.store, person.id)

    pieces = exporting.archive(api.platform.store, files, user)  # type: ignore[arg-type]  # what it uses of them
    whole = [next(pieces)]
    assert files.opened <= 1, "the first piece is there before the files are read"
    whole += list(pieces)

    assert max(map(len, whole)) < 200_000 + 2 * exporting.PIECE
    assert sum(name.endswith(".bin") for name in zipfile.ZipFile(io.BytesIO(b"".join(whole))).namelist()) == 4
    given_up = exporting.archive(api.platform.store, files, user)  # type: ignore[arg-type]
    next(given_up)
    given_up.close()
    assert files.held == 0


def test_an_export_that_breaks_off_is_no_zip(api: Api) -> None:
    person = google(api, "kim@example.com")
    lived(api, person)
    user, came = records.users.get(api.platform.store, person.id), []
    pieces = exporting.archive(api.platform.store, _Noted(api.platform.files, breaks=True), user)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        came.extend(iter(lambda: next(pieces), None))
    assert came
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(came)))


def test_exports_are_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHARES, Counted.EXPORT, (1, timedelta(hours=1)))
    api = Api(replace(api.platform, approach=Approach()), api.clock, api.jobs)
    person = google(api, "kim@example.com")
    assert [person.get("/api/account/export").status_code for _ in range(2)] == [200, 429]


def test_after_the_end_nothing_is_left_in_the_database_or_among_the_files(api: Api) -> None:
    person, other = google(api, "kim@example.com"), google(api, "lee@example.com")
    lived(api, person)
    lived(api, other)
    kept = api.dump()
    assert person.id in repr(kept)

    assert person.call("DELETE", "/api/account", json=GOODBYE).status_code == 202
    assert person.get("/api/account").status_code == 401, "at once"
    assert "kim@example.com" not in repr(records.users.get(api.platform.store, person.id))
    rounds(api)

    left = repr(api.dump())
    for canary in (person.id, "kim@example.com"):
        assert canary not in left, left[max(0, left.find(canary) - 300) : left.find(canary) + 100]
    [erasure] = records.erasures.page(api.platform.store)[0]
    assert (erasure.remaining, erasure.user_id, erasure.finished_at is not None) == (0, None, True)
    assert erasure.deleted["executions"] >= 2, "the run and its log"
    assert erasure.deleted["files"] == 3
    assert other.get("/api/account/export").status_code == 200
    assert len(other.get("/api/agents").json["items"]) == 1
    assert [entry.user_id for entry in records.audit.page(api.platform.store)[0]].count("erased") == 2


@pytest.mark.parametrize("body", [{}, {"confirmation": "yes"}, {"confirmation": "Delete my account"}])
def test_an_account_does_not_end_by_mistake(api: Api, body: dict[str, Any]) -> None:
    person = api.guest()
    assert person.call("DELETE", "/api/account", json=body).status_code == 422
    assert person.get("/api/account").status_code == 200


def test_the_owner_of_a_machine_is_told_what_to_do_instead(api: Api) -> None:
    from ohmyagent.use_cases import signing_in

    owner = signing_in.owner(api.platform.store, NOON)
    person = api.again(Person(api.flask, "-", owner.id))
    answer = person.call(
        "DELETE", "/api/account", json={"confirmation": "계정 삭제"}, headers={"Accept-Language": "ko"}
    )
    assert (answer.status_code, "데이터 폴더" in answer.json["detail"]) == (403, True)


def test_a_run_is_stopped_first_and_what_it_still_writes_goes_too(api: Api) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent()["id"]
    run = person.run(agent)["id"]
    runner = api.claimed(run)
    waiting = person.run(agent)["id"]
    person.call("DELETE", "/api/account", json=GOODBYE)
    rounds(api, 60)
    assert api.execution(waiting).status is Status.CANCELLED
    assert api.execution(run).cancel_requested_at is not None
    assert runner.post("events", fromSeq=1, events=[]).json["cancel"] is True
    runner.post("finish", outcome="cancelled", lastSeq=0)
    rounds(api)
    assert person.id not in repr(api.dump())


def test_an_interrupted_round_is_finished_by_the_next(api: Api) -> None:
    """Each deletion is a place to die at; whoever comes after goes on."""
    person = google(api, "kim@example.com")
    lived(api, person)
    person.call("DELETE", "/api/account", json=GOODBYE)
    here, deaths = api.platform, 0

    class Dies(Exception):
        pass

    class Mortal:
        """The store, which ends the process after so many deletions."""

        def __init__(self, lives: int) -> None:
            self.lives = lives

        def __getattr__(self, name: str) -> Any:
            return getattr(here.store, name)

        def delete(self, path: str) -> None:
            self.lives -= 1
            if self.lives < 0:
                raise Dies
            here.store.delete(path)

    for lives in range(40):
        try:
            erasing.round(Mortal(lives % 7), here.queue, here.files, here.pace, here.now())  # type: ignore[arg-type]
        except Dies:
            deaths += 1
        api.clock.time += timedelta(seconds=15)
    rounds(api)
    assert deaths > 3
    assert person.id not in repr(api.dump())


def test_people_see_what_was_done_to_their_account(api: Api) -> None:
    person = google(api, "kim@example.com")
    person.get("/api/account/export")
    [entry] = person.get("/api/account/audit").json["items"]
    assert (entry["act"], entry["by"]) == ("exported", "me")
    assert google(api, "lee@example.com").get("/api/account/audit").json["items"] == []
