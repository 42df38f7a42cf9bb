"""What the gateway itself says, in the shape that clients of the Messages API understand."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ohmyagent.domain.errors import (
    BudgetExceeded,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    TooLarge,
    Unavailable,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

POUR = "ohmyagent.pour"
"""The extension of the ASGI scope by which a server takes a piece of a body at once: `Pour`."""
Pour = Callable[[bytes], bool]
"""False: the client reads slowly, nothing was taken, and the piece is to be sent as usual."""
PING = b'event: ping\ndata: {"type": "ping"}\n\n'

_STATUS: dict[type[Problem], tuple[int, str]] = {
    Invalid: (400, "invalid_request_error"),
    BudgetExceeded: (402, "billing_error"),
    Forbidden: (403, "permission_error"),
    Gone: (403, "permission_error"),
    NotFound: (404, "not_found_error"),
    TooLarge: (413, "request_too_large"),
    RateLimited: (429, "rate_limit_error"),
    Unavailable: (503, "api_error"),
}
"""402 and 403 end a run at once; 429 and 503 are retried.  401 is never used: the CLI would retry it for minutes."""


class UpstreamFailed(Problem):
    """The model's provider did not answer."""

    code = "upstream"
    korean = "모델 제공자가 응답하지 않았습니다."

    def __init__(self, detail: str | None = None, *, status: int = 502, retry: bool = True) -> None:
        super().__init__(detail)
        self.status = status
        self.retry = retry


def problem_answer(problem: Problem) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body."""
    status, kind = _status(problem)
    headers = [(b"content-type", b"application/json")]
    if isinstance(problem, RateLimited):
        headers.append((b"retry-after", b"%d" % max(1, round(problem.retry_after))))
    if isinstance(problem, UpstreamFailed) and not problem.retry:
        headers.append((b"x-should-retry", b"false"))
    message = problem.detail
    if isinstance(problem, Invalid) and problem.errors:
        message = "; ".join(error.message for error in problem.errors)
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return status, headers, json.dumps(body).encode()


def _status(problem: Problem) -> tuple[int, str]:
    if isinstance(problem, UpstreamFailed):
        return problem.status, "timeout_error" if problem.status == 504 else "api_error"
    return next((_STATUS[kind] for kind in type(problem).__mro__ if kind in _STATUS), (500, "api_error"))


async def answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """A whole answer."""
    sized = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})
