"""/runner/files: bodies by signed link, where the platform itself keeps them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol, cast

from flask import Blueprint, Response, request

from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.workspaces import QUOTA_BYTES
from ohmyagent.http.answers import BINARY, attachment, nothing
from ohmyagent.http.context import app
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.queries import LinkQuery
from ohmyagent.ports import Files

bp = Blueprint("runner_files", __name__, url_prefix="/runner/files")

PIECE = 2**16


class LinkedFiles(Files, Protocol):
    """Files whose links lead back to the platform."""

    def verify(
        self, method: Literal["GET", "PUT"], key: str, length: int, expires: int, signature: str, now: datetime
    ) -> None:
        """Raises Forbidden unless a link with these values was given out and still holds."""

    def receive(self, key: str, parts: Iterable[bytes]) -> None:
        """Keep a body as it comes; raises Invalid when its digest is not the one that the key ends with."""


@bp.put("/<path:key>")
@operation(
    "Keep a body under its digest",
    access=Access.PUBLIC, query=LinkQuery, answers={204: None}, problems=(403, 413), limit=QUOTA_BYTES,
)  # fmt: skip
def put(key: str, query: LinkQuery) -> Response:
    files = _verified("PUT", key, query)
    if request.content_length != query.length:
        raise Invalid.of("body", "does not have the length of the link")
    # it may be as large as a workspace, and come from every slot at once: it is never held in memory
    files.receive(key, iter(lambda: request.stream.read(PIECE), b""))
    return nothing()


@bp.get("/<path:key>")
@operation("A body by its digest", access=Access.PUBLIC, query=LinkQuery, answers={200: BINARY}, problems=(403, 404))
def get(key: str, query: LinkQuery) -> Response:
    files = _verified("GET", key, query)
    return attachment(key.rpartition("/")[2], files.open(key))


def _verified(method: Literal["GET", "PUT"], key: str, query: LinkQuery) -> LinkedFiles:
    # these routes are mounted only where files are kept by the platform itself
    files = cast(LinkedFiles, app().files)
    files.verify(method, key, query.length, query.expires, query.signature, app().now())
    return files
