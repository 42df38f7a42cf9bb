"""docs/api.md names every route there is, and none that is not."""

import re
from pathlib import Path

from starlette.routing import Route

from ohmyagent.chat.service import Chat
from ohmyagent.http import openapi
from tests.http.test_openapi import OPERATIONS
from tests.http.world import Api

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z]+) (/[^`?]*)` \|", re.MULTILINE)


def test_every_route_is_documented_and_every_documented_route_is_there(api: Api) -> None:
    routes = {(method.upper(), path) for method, path in OPERATIONS}
    streams = {(stream.method.upper(), stream.path) for stream in openapi.STREAMS}
    served = {
        (method, _plain(route.path))
        for route in Chat(api.platform).routes
        if isinstance(route, Route) and route.path != "/health"
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == {(method, _plain(path)) for method, path in streams}
    routes |= streams | {("GET", "/ws/{ticket}")}

    assert set(ROW.findall(PAGE)) == routes


def _plain(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)
