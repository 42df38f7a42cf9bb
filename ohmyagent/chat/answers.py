"""What the streaming service reads of a request and how it refuses; events are sent elsewhere."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ohmyagent.domain.errors import Invalid, NotFound, Problem, TooLarge
from ohmyagent.domain.text import ID
from ohmyagent.http import problems
from ohmyagent.http.language import language_of
from ohmyagent.http.policy import SECURITY_HEADERS, request_id_of

LONGEST_SEQ = 9
LARGEST_BODY = 256 * 1024


def id_of(request: Request) -> str:
    """The id in the address; raises NotFound for what cannot be one."""
    id: str = request.path_params["id"]
    if not ID.match(id) or id.startswith("__"):
        raise NotFound()
    return id


def after_of(request: Request, digits: int = LONGEST_SEQ) -> int:
    """The last seq the reader has: Last-Event-ID (a browser's reconnect repeats the old query) before `after`."""
    for field, text in (("Last-Event-ID", request.headers.get("last-event-id")), ("after", _only_after(request))):
        if text:
            if not (text.isascii() and text.isdigit() and len(text) <= digits):
                raise Invalid.of(field, "must be a whole number")
            return int(text)
    return 0


async def body_of(request: Request) -> bytes:
    """The JSON body; raises TooLarge, HTTPException 415 for another type or a compressed body."""
    kind, _, charset = request.headers.get("content-type", "").lower().partition(";")
    charset = charset.replace(" ", "").removeprefix("charset=").strip('"')
    plain = request.headers.get("content-encoding", "identity").lower() == "identity"
    if kind.strip() != "application/json" or charset not in ("", "utf-8", "utf8") or not plain:
        raise HTTPException(415)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST_BODY:
            raise TooLarge("A message may have 256 KB at most.", korean="메시지는 256KB까지 보낼 수 있습니다.")
        pieces.append(piece)
    return b"".join(pieces)


def headers_of(request: Request) -> dict[str, str]:
    # nginx and its like would hold events back
    return {**SECURITY_HEADERS, "X-Accel-Buffering": "no", "X-Request-Id": request_id(request)}


def request_id(request: Request) -> str:
    if not hasattr(request.state, "request_id"):
        request.state.request_id = request_id_of(request.headers.get("x-request-id"))
    return str(request.state.request_id)


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    body = problems.document_of(error, language_of(request.headers.get("accept-language")), request_id(request))
    headers = headers_of(request) | problems.headers_of(error)
    return Response(body, problems.status_of(error), headers, problems.MEDIA_TYPE)


async def refuse_by_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    language = language_of(request.headers.get("accept-language"))
    body = problems.framework_document(error.status_code, language, request_id(request))
    headers = headers_of(request) | dict(error.headers or {})
    return Response(body, error.status_code, headers, problems.MEDIA_TYPE)


def _only_after(request: Request) -> str | None:
    found = request.query_params.getlist("after")
    if len(found) > 1:
        raise Invalid.of("after", "is given twice")
    return found[0] if found else None
