"""The API describes itself: as an OpenAPI document, and as a page to read."""

from typing import Any, cast

from flask import Blueprint, Response, current_app

from ohmyagent.http import manual
from ohmyagent.http.answers import plain
from ohmyagent.http.bodies import JSON
from ohmyagent.http.operations import Access, operation

bp = Blueprint("documents", __name__)

PAGE_POLICY = "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'"


@bp.get("/api/openapi.json")
@operation("This API as an OpenAPI 3.1 document", access=Access.PUBLIC, answers={200: JSON})
def openapi() -> Response:
    return plain(_document())


@bp.get("/api/docs")
@operation("This API as a page to read", access=Access.PUBLIC, answers={200: "text/html"})
def docs() -> Response:
    response = Response(manual.page(_document()), mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY.format(style=manual.STYLE_DIGEST)
    return response


def _document() -> dict[str, Any]:
    return cast(dict[str, Any], current_app.extensions["openapi"]())
