"""The bridge to threads: whoever sends slowly does not keep others from being answered."""

import asyncio
from typing import Any

import pytest
from flask import Flask, request

from ohmyagent.http.bridge import BUFFER, asgi

SECONDS = 60


def flask() -> Flask:
    made = Flask(__name__)

    @made.post("/large")
    def large() -> str:
        return str(len(request.get_data()))

    @made.get("/small")
    def small() -> str:
        return "here"

    return made


def scope(method: str, path: str, length: int = 0) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "headers": [(b"content-length", b"%d" % length)] if length else [],
    }  # fmt: skip


class Sender:
    """Sends the first megabyte and a bit of two, or nothing, and the rest when it is let."""

    def __init__(self, first: bytes = b"x" * (BUFFER + 1)) -> None:
        self._first = first
        self.rest = asyncio.Event()
        self.asked = asyncio.Event()
        self._sent = 0
        self.said = b""

    async def receive(self) -> dict[str, Any]:
        self._sent += 1
        if self._sent == 1 and self._first:
            return {"type": "http.request", "body": self._first, "more_body": True}
        self.asked.set()
        await self.rest.wait()
        return {"type": "http.request", "body": b"x" * (BUFFER - 1), "more_body": False}

    async def send(self, message: Any) -> None:
        self.said += message.get("body", b"")


async def small(application: Any) -> bytes:
    said = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal said
        said += message.get("body", b"")

    await application(scope("GET", "/small"), receive, send)
    return said


def test_large_bodies_that_come_slowly_leave_threads_for_others() -> None:
    async def story() -> tuple[bytes, list[bytes]]:
        application = asgi(flask(), 2)
        senders = [Sender() for _ in range(4)]
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(application(scope("POST", "/large", 2 * BUFFER), sender.receive, sender.send))
            await senders[0].asked.wait()
            answered = await small(application)
            for sender in senders:
                sender.rest.set()
        return answered, [sender.said for sender in senders]

    assert asyncio.run(story()) == (b"here", [b"%d" % (2 * BUFFER)] * 4)


@pytest.mark.parametrize("first", [b"", b"x", b"x" * (BUFFER + 1)], ids=["nothing", "a byte", "half"])
def test_a_body_that_does_not_come_is_given_up(first: bytes) -> None:
    async def story() -> bytes:
        application = asgi(flask(), 2, silence=0.1)
        sender = Sender(first)
        async with asyncio.timeout(SECONDS):
            await application(scope("POST", "/large", 2 * BUFFER), sender.receive, sender.send)
        return sender.said

    assert b"400 Bad Request" in asyncio.run(story())
