"""The OpenAPI document is true: requests made from it, and against it, get what it says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.parameters import ParameterLocation

from ohmyagent.http import openapi
from ohmyagent.http.groups import GROUPS, blueprints
from tests.http.world import Api, Person, made

EXAMPLES = 12
UNSAYABLE = ["positive_data_acceptance"]
"""Cron expressions, host names and paths have rules that JSON Schema cannot say, so what it allows may still be 422."""

TYPELESS = [*UNSAYABLE, "negative_data_rejection"]
"""The fields of a form are all text: a number where text belongs arrives as the text of that number, which is right."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    yield from made(tmp_path_factory.mktemp("openapi"))


@pytest.fixture
def person(shared: Api) -> Person:
    return shared.guest()


@pytest.fixture(scope="module")
def schema(shared: Api) -> Any:
    return schemathesis.openapi.from_wsgi("/api/openapi.json", shared.flask)


def document() -> dict[str, Any]:
    return openapi.document(blueprints(GROUPS), "0")


STREAMS = {(stream.method, stream.path) for stream in openapi.STREAMS}
OPERATIONS = [
    (method, path)
    for path, methods in document()["paths"].items()
    for method in methods
    if (method, path) not in STREAMS
]
"""What Flask serves; streams have tests of their own."""


def can_be_wrong(method: str, path: str) -> bool:
    """Whether a request to this route has anything that could break its schema."""
    operation = document()["paths"][path][method]
    given = [parameter["schema"] for parameter in operation.get("parameters", [])]
    return "requestBody" in operation or any(schema != {"type": "string", "minLength": 1} for schema in given)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_route_keeps_to_the_document(person: Person, schema: Any, method: str, path: str) -> None:
    explore(person, schema, method, path, GenerationMode.POSITIVE)


@pytest.mark.parametrize(("method", "path"), [operation for operation in OPERATIONS if can_be_wrong(*operation)])
def test_every_route_refuses_what_the_document_forbids(person: Person, schema: Any, method: str, path: str) -> None:
    explore(person, schema, method, path, GenerationMode.NEGATIVE)


def explore(person: Person, schema: Any, method: str, path: str, mode: GenerationMode) -> None:
    operation = schema[path][method.upper()]
    is_form = "multipart/form-data" in repr(document()["paths"][path][method].get("requestBody"))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def check(case: Any, real: bool) -> None:
        wrong = {where for where, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE}
        lenient = is_form and wrong == {ParameterLocation.BODY}
        excluded = CHECKS.get_by_names(TYPELESS if lenient else UNSAYABLE)
        if real and ParameterLocation.PATH not in wrong:
            case.path_parameters |= known(person, path)
        if not wrong & {ParameterLocation.HEADER, ParameterLocation.COOKIE}:
            case.cookies.pop("__session", None)
            case.headers.pop("Authorization", None)
            case.call_and_validate(headers=person.headers, excluded_checks=excluded)
        else:
            case.call_and_validate(excluded_checks=excluded)

    check()


def known(person: Person, path: str) -> dict[str, str]:
    """Ids of things that are there, made anew, as a case may delete them."""
    if "{agentId}" in path:
        return {"agentId": person.agent()["id"]}
    if "{executionId}" in path and not path.startswith("/runner"):
        return {"executionId": person.run(person.agent()["id"])["id"]}
    return {}


def test_the_document_describes_every_route_once() -> None:
    found = document()
    ids = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    refs = set(re.findall(r'"#/components/schemas/([^"]+)"', repr(found).replace("'", '"')))

    assert found["openapi"] == "3.1.0"
    assert len(ids) == len(set(ids)) == len(OPERATIONS) + len(openapi.STREAMS) >= 40
    assert refs <= set(found["components"]["schemas"])


def test_every_route_of_the_application_is_in_the_document(api: Api) -> None:
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?\w+>", "{}", rule.rule))
        for rule in api.flask.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert routes == {(method, re.sub(r"{\w+}", "{}", path)) for method, path in OPERATIONS}


def test_the_document_names_no_inner_field() -> None:
    schemas = document()["components"]["schemas"]
    shown = {field for name in ("AgentView", "ExecutionView", "UserView") for field in schemas[name]["properties"]}

    assert not shown & {"tokenDigest", "requestDigest", "launchId", "lease", "epoch", "deletedAt", "input", "sandbox"}


def test_every_refusal_is_a_problem_in_the_document() -> None:
    for methods in document()["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and (status, operation["operationId"]) != ("503", "health_health"):
                    assert set(answer["content"]) == {"application/problem+json"}, operation["operationId"]


def test_the_page_shows_every_route_and_loads_nothing(api: Api) -> None:
    answer = api.anybody().get("/api/docs")
    page = answer.text

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for method, path in OPERATIONS:
        assert f'<span class="method">{method.upper()}</span> {path}</h3>' in page
    assert not re.search(r"<script|<link|<img|<iframe|\ssrc=|\sstyle=|\son\w+=|https?://|@import|url\(", page)
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]{44}'", answer.headers["Content-Security-Policy"])


def test_links_within_the_page_lead_somewhere(api: Api) -> None:
    page = api.anybody().get("/api/docs").text
    targets = set(re.findall(r'id="([^"]+)"', page))

    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    refused = api.anybody().get("/api/agents").json["type"]
    assert refused.partition("#")[2] in targets
