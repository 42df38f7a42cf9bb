"""A run's log as server-sent events, by the ASGI application that the platform serves."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from ohmyagent import records, wiring
from ohmyagent.chat.following import PING, Follower
from ohmyagent.chat.service import Chat
from ohmyagent.domain.errors import Problem, Suspended, Unauthenticated
from tests.http.test_executions import event
from tests.http.world import NOON, Api, Person, Runner

PATIENCE = 30.0


@dataclass
class Reader:
    """One connection: what came, and how to hang up."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    ended: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[["Reader"], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition(self):
                await asyncio.sleep(0.005)

    @property
    def events(self) -> list[dict[str, Any]]:
        blocks = [block for block in self.text.split("\n\n") if block.startswith("id: ")]
        found = [json.loads(block.partition("\ndata: ")[2]) for block in blocks]
        assert [f"id: {one['seq']}" for one in found] == [block.partition("\n")[0] for block in blocks]
        return found

    @property
    def seqs(self) -> list[int]:
        return [one["seq"] for one in self.events]


def reading(api: Api, path: str, headers: dict[str, str], steps: Callable[[Reader], Awaitable[None]]) -> Reader:
    """Open the stream, run `steps` beside it, hang up."""

    async def together() -> Reader:
        reader = Reader()
        serving = asyncio.create_task(connected(api, path, headers, reader))
        try:
            await steps(reader)
        finally:
            reader.left.set()
            async with asyncio.timeout(PATIENCE):
                await serving
        return reader

    return asyncio.run(together())


async def connected(api: Api, path: str, headers: dict[str, str], reader: Reader) -> None:
    address, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": address, "raw_path": address.encode(), "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080),
    }  # fmt: skip
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await reader.left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            reader.status = message["status"]
            reader.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            reader.text += message["body"].decode()
            reader.ended = not message.get("more_body", False)

    await Chat(api.platform)(scope, receive, send)


async def over(reader: Reader) -> None:
    await reader.until(lambda r: r.ended)


def started(api: Api) -> tuple[Person, Runner, str]:
    person = api.guest()
    run = person.run(person.agent()["id"])["id"]
    return person, api.claimed(run), f"/api/executions/{run}/stream"


def test_what_is_kept_comes_first_and_then_what_happens(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ohmyagent.chat.following.POLL_SECONDS", 300)  # it must be woken, not wait for the next look
    person, runner, path = started(api)
    runner.post("events", fromSeq=1, events=[event(1, text="하나"), event(2, text="둘")])

    async def steps(reader: Reader) -> None:
        await reader.until(lambda r: r.seqs == [1, 2])
        runner.post("events", fromSeq=3, events=[event(3, text="셋")])
        await reader.until(lambda r: r.seqs == [1, 2, 3])
        runner.post("finish", outcome="failed", errorCode="agent", lastSeq=3)
        await over(reader)

    reader = reading(api, path, person.headers, steps)

    assert reader.status == 200
    assert reader.headers["content-type"].startswith("text/event-stream")
    assert reader.headers["cache-control"] == "private, no-store"
    assert reader.events[0] == event(1, text="하나")
    assert "하나" in reader.text
    assert reader.text.endswith("event: end\ndata: {}\n\n")


@pytest.mark.parametrize(
    ("query", "headers", "seqs"),
    [
        ("", {}, [1, 2, 3]),
        ("?after=0", {}, [1, 2, 3]),
        ("?after=2", {}, [3]),
        ("?after=3", {}, []),
        ("?after=99", {}, []),
        ("?after=0", {"Last-Event-ID": "2"}, [3]),
        ("?after=2", {"Last-Event-ID": ""}, [3]),
    ],
)
def test_a_reader_goes_on_where_it_was(api: Api, query: str, headers: dict[str, str], seqs: list[int]) -> None:
    person, runner, path = started(api)
    runner.post("events", fromSeq=1, events=[event(seq, text="x") for seq in (1, 2, 3)])
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=3)

    reader = reading(api, path + query, person.headers | headers, over)

    assert (reader.seqs, reader.text.endswith("event: end\ndata: {}\n\n")) == (seqs, True)


def test_a_long_log_comes_whole_and_in_order(api: Api) -> None:
    person, runner, path = started(api)
    for first in range(1, 151, 2):
        runner.post("events", fromSeq=first, events=[event(first, text="a"), event(first + 1, text="b")])
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=150)

    assert reading(api, path, person.headers, over).seqs == list(range(1, 151))


def test_a_restart_of_the_platform_loses_nothing(api: Api) -> None:
    person, runner, path = started(api)
    runner.post("events", fromSeq=1, events=[event(1, text="x")])

    async def leave_after_one(reader: Reader) -> None:
        await reader.until(lambda r: r.seqs == [1])

    reading(api, path, person.headers, leave_after_one)
    settings = api.platform.settings
    runner.post("events", fromSeq=2, events=[event(2, text="y")])
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=2)
    api.platform.store.close()
    restarted = Api(replace(wiring.local(settings), now=api.clock), api.clock, api.jobs)

    assert reading(restarted, f"{path}?after=1", person.headers, over).seqs == [2]
    restarted.platform.store.close()


def test_silence_is_broken_by_comments(api: Api) -> None:
    person, _, path = started(api)
    id = path.split("/")[3]

    async def frames() -> list[str]:
        user = records.users.get(api.platform.store, person.id)
        follower = Follower(api.platform.store, id, lambda: user, ping_seconds=0.01)
        found = []
        async for frame in follower.frames(0):
            found.append(frame)
            if len(found) == 2:
                return found
        return found

    assert asyncio.run(frames()) == [PING, PING]


@pytest.mark.parametrize("reason", [Unauthenticated, Suspended])
def test_whoever_signs_out_or_is_suspended_stops_reading(api: Api, reason: type[Problem]) -> None:
    person, runner, path = started(api)
    id = path.split("/")[3]
    signed_out = False

    async def frames() -> list[str]:
        def user() -> Any:
            if signed_out:
                raise reason()
            return records.users.get(api.platform.store, person.id)

        nonlocal signed_out
        found = []
        runner.post("events", fromSeq=1, events=[event(1, text="x")])
        async for frame in Follower(api.platform.store, id, user, check_seconds=0).frames(0):
            found.append(frame)
            signed_out = True
            runner.post("events", fromSeq=2, events=[event(2, text="secret")])
        return found

    assert ["id: 1" in frame for frame in asyncio.run(frames())] == [True]


def test_a_reader_that_left_is_forgotten(api: Api) -> None:
    person, _, path = started(api)

    async def look(reader: Reader) -> None:
        await reader.until(lambda r: r.status == 200)

    reading(api, path, person.headers, look)

    deadline = time.monotonic() + PATIENCE
    while any(thread.name == "watch" for thread in threading.enumerate()):  # it lives only while somebody watches
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("{path}", {"Authorization": ""}, 401, "unauthenticated"),
        ("{path}", {"Authorization": "Bearer nobody"}, 401, "unauthenticated"),
        ("{path}?after=-1", {}, 422, "invalid"),
        ("{path}?after=x", {}, 422, "invalid"),
        ("{path}?after=1&after=2", {}, 422, "invalid"),
        ("{path}?after=99999999999", {}, 422, "invalid"),
        ("{path}", {"Last-Event-ID": "x"}, 422, "invalid"),
        ("/api/executions/x_nothing/stream", {}, 404, "not_found"),
        ("/api/executions/__x__/stream", {}, 404, "not_found"),
        ("/api/executions/" + "a" * 10_000 + "/stream", {}, 404, "not_found"),
        ("/api/executions/가/stream", {}, 404, "not_found"),
        ("/api/nothing/stream", {}, 404, "not_found"),
    ],
)
def test_a_refusal_is_a_problem(api: Api, path: str, headers: dict[str, str], status: int, code: str) -> None:
    person, _, own = started(api)

    reader = reading(api, path.replace("{path}", own), person.headers | headers, over)

    assert (reader.status, json.loads(reader.text)["code"]) == (status, code)
    assert reader.headers["content-type"] == "application/problem+json"
    assert reader.headers["cache-control"] == "private, no-store"
    assert reader.headers["x-request-id"] == json.loads(reader.text)["requestId"]


def test_anothers_run_is_not_there(api: Api) -> None:
    _, _, path = started(api)

    assert reading(api, path, api.guest().headers, over).status == 404


def test_a_cookie_reads_too(api: Api) -> None:
    person, runner, path = started(api)
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=0)

    assert reading(api, path, {"Cookie": f"__session={person.token}"}, over).status == 200


def test_a_session_that_is_over_opens_no_stream(api: Api) -> None:
    person, _, path = started(api)
    api.clock.time = NOON + timedelta(days=8)

    assert reading(api, path, person.headers, over).status == 401
