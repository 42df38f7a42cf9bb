"""Refusals as RFC 9457 problem documents: the one table from error to status.  Knows no web framework."""

import json
from http import HTTPStatus
from typing import Any

from ohmyagent.domain import errors
from ohmyagent.domain.errors import Invalid, Problem, RateLimited, Unauthenticated, Unavailable
from ohmyagent.http import sentences

MEDIA_TYPE = "application/problem+json"
RETRY_UNAVAILABLE_SECONDS = 1

STATUS: dict[type[Problem], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.BudgetExceeded: 402,
    errors.PlanLimit: 403,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.KeyReused: 422,
    errors.RateLimited: 429,
    errors.Problem: 500,
    errors.Unavailable: 503,
}
"""An error without a line of its own has its parent's."""

FRAMEWORK = {
    400: ("malformed", "The request is malformed.", "요청 형식이 잘못되었습니다."),
    403: ("forbidden", "This is not allowed.", "허용되지 않은 요청입니다."),
    404: ("not_found", "There is no such thing.", "찾을 수 없습니다."),
    405: ("method_not_allowed", "This address does not take that method.", "이 주소에서 쓸 수 없는 메서드입니다."),
    413: ("too_large", "The request is too large.", "요청이 너무 큽니다."),
    414: ("too_large", "The address is too long.", "주소가 너무 깁니다."),
    415: ("unsupported_media_type", "This media type is not taken here.", "받을 수 없는 형식입니다."),
    431: ("too_large", "The headers are too large.", "헤더가 너무 큽니다."),
    500: ("internal", "Something went wrong.", "문제가 생겼습니다."),
}
"""What a web framework refuses by itself: status → code, English, Korean."""


def status_of(problem: Problem) -> int:
    return next(STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS)


def headers_of(problem: Problem) -> dict[str, str]:
    """The headers that belong to this refusal."""
    if isinstance(problem, RateLimited):
        return {"Retry-After": str(max(1, round(problem.retry_after)))}
    if isinstance(problem, Unavailable):
        return {"Retry-After": str(RETRY_UNAVAILABLE_SECONDS)}
    if isinstance(problem, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def document_of(problem: Problem, language: str, request_id: str) -> bytes:
    """The body; `errors` is there for Invalid only."""
    document = _document(status_of(problem), problem.code, problem.said(language), request_id)
    if isinstance(problem, Invalid):
        document["errors"] = [
            {"field": wrong.field, "message": sentences.said(wrong.message, language)} for wrong in problem.errors
        ]
    return _encoded(document)


def framework_document(status: int, language: str, request_id: str) -> bytes:
    """The body for a refusal that has no error of the domain."""
    code, english, korean = FRAMEWORK.get(status) or FRAMEWORK[500 if status >= 500 else 400]
    return _encoded(_document(status, code, korean if language == "ko" else english, request_id))


def _document(status: int, code: str, detail: str, request_id: str) -> dict[str, Any]:
    return {
        "type": f"/api/docs#problem-{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "requestId": request_id,
    }


def _encoded(document: dict[str, Any]) -> bytes:
    # a name that was refused for a lone surrogate must still be sayable
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
