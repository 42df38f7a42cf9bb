"""docs/api.md names every route there is, and none that is not."""

import re
from pathlib import Path

from ohmyagent.chat import streams
from ohmyagent.http import openapi
from tests.http.test_openapi import OPERATIONS
from tests.http.world import Api

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z]+) (/[^`?]*)` \|", re.MULTILINE)


def test_every_route_is_documented_and_every_documented_route_is_there(api: Api) -> None:
    routes = {(method.upper(), path) for method, path in OPERATIONS}
    served = {route.path.replace("{id}", "{executionId}") for route in streams.build(api.platform).routes}  # type: ignore[attr-defined]
    assert served == set(openapi.STREAMS)
    routes |= {("GET", path) for path in served}

    assert set(ROW.findall(PAGE)) == routes
