"""The OpenAPI 3.1 document, read off the routes and the models that check their requests."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from ohmyagent.http import stream_operations
from ohmyagent.http.bodies import JSON
from ohmyagent.http.operations import Access, Operation, operation_of
from ohmyagent.http.problems import MEDIA_TYPE
from ohmyagent.http.routing import IdConverter, routed
from ohmyagent.http.stream_operations import MEANING, STREAMS
from ohmyagent.http.views import ProblemView

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Reference = Mapping[tuple[Any, Mode], Json]

SECURITY: dict[Access, list[Json]] = {
    Access.PUBLIC: [],
    Access.USER: [{"session": []}, {"bearer": []}],
    Access.ADMIN: [{"session": []}, {"bearer": []}],
    Access.RUNNER: [{"runner": []}],
    Access.INTERNAL: [],
}
SCHEMES: Json = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__session"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A session's token, or an API key (`oma_…`)."},
    "runner": {"type": "http", "scheme": "bearer", "description": "The token of a claim."},
}
ABOUT = (
    "JSON in camelCase and UTF-8. Instants are RFC 3339 in UTC; money is in millionths of a US dollar, and null when "
    "it is not known. Refusals are RFC 9457 problem documents; `Accept-Language` (ko, en) chooses the language of "
    "`detail`. Lists take `limit` and `cursor`. Every answer has an `X-Request-Id`."
)
ID_SCHEMA: Json = {"type": "string", "pattern": f"^{IdConverter.regex}$"}
TEXT: Json = {"type": "string"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def document(blueprints: Iterable[Blueprint], version: str) -> Json:
    """All routes of these blueprints.  Source: https://spec.openapis.org/oas/v3.1.1.html"""
    flask = routed(blueprints)
    operations = [
        (rule, method, found)
        for rule in sorted(flask.url_map.iter_rules(), key=lambda rule: rule.rule)
        if (found := operation_of(flask.view_functions[rule.endpoint]))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    refs, schemas = models_json_schema(
        sorted(
            {model for _, _, found in operations for model in _models(found)} | stream_operations.MODELS,
            key=lambda pair: (pair[0].__name__, pair[1]),
        ),
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, Json] = {}
    for rule, method, found in operations:
        paths.setdefault(_path(rule), {})[method.lower()] = _operation(rule, method, found, refs)
    for stream in STREAMS:
        paths.setdefault(stream.path, {})[stream.method] = stream.operation(refs, SECURITY[Access.USER])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Oh My Agent", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"], "securitySchemes": SCHEMES},
    }


def _models(found: Operation) -> list[tuple[type[BaseModel], Mode]]:
    taken = [model for model in (found.query, *found.takes.values()) if isinstance(model, type)]
    answered = [model for model in (*found.answers.values(), ProblemView) if isinstance(model, type)]
    return [(model, "validation") for model in taken] + [(model, "serialization") for model in answered]


def _operation(rule: Rule, method: str, found: Operation, refs: Reference) -> Json:
    described: Json = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": found.summary,
        "security": SECURITY[found.access],
        "responses": _answers(method, found, refs),
    }
    parameters = [*_path_parameters(rule), *_query_parameters(found), *_header_parameters(found)]
    if parameters:
        described["parameters"] = parameters
    if found.takes:
        content = {media: {"schema": _schema(taken, refs, "validation")} for media, taken in found.takes.items()}
        described["requestBody"] = {"required": not found.body_optional, "content": content}
    return described


def _answers(method: str, found: Operation, refs: Reference) -> Json:
    answers: Json = {}
    for status, answered in found.answers.items():
        answers[str(status)] = {"description": MEANING[status]}
        if isinstance(answered, str):
            kind = "object" if answered == JSON else "string"
            answers[str(status)]["content"] = {answered: {"schema": {"type": kind}}}
        elif answered is not None:
            answers[str(status)]["content"] = {JSON: {"schema": refs[answered, "serialization"]}}
            if found.also:
                answers[str(status)]["content"][found.also] = {"schema": TEXT}
    problem = {MEDIA_TYPE: {"schema": refs[ProblemView, "serialization"]}}
    for status in sorted(_problems(method, found) - set(found.answers)):
        answers[str(status)] = {"description": MEANING[status], "content": problem}
    return answers


def _problems(method: str, found: Operation) -> set[int]:
    statuses = {*found.problems, 429, 503}
    if found.access is not Access.PUBLIC:
        statuses |= {401}
    if found.access is Access.ADMIN:
        statuses |= {404}
    if found.access in (Access.USER, Access.ADMIN) and method in UNSAFE:
        statuses |= {403}
    if found.takes:
        statuses |= {400, 413, 415, 422}
    if found.query is not None or found.creates:
        statuses |= {422}
    if found.versioned:
        statuses |= {412}
    return statuses


def _schema(taken: type[BaseModel] | Mapping[str, Any], refs: Reference, mode: Mode) -> Mapping[str, Any]:
    return refs[taken, mode] if isinstance(taken, type) else taken


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{_camel(found[1])}}}", rule.rule)


def _path_parameters(rule: Rule) -> list[Json]:
    return [
        {"name": _camel(name), "in": "path", "required": True, "schema": _path_schema(rule, name)}
        for name in sorted(rule.arguments, key=rule.rule.index)
    ]


def _path_schema(rule: Rule, name: str) -> Json:
    if isinstance(rule._converters[name], IdConverter):
        return ID_SCHEMA
    return {"type": "string", "minLength": 1}


def _query_parameters(found: Operation) -> list[Json]:
    if found.query is None:
        return []
    schema = found.query.model_json_schema(ref_template="#/components/schemas/{model}")
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(value)}
        for name, value in schema["properties"].items()
    ]


def _without_null(schema: Json) -> Json:
    """A parameter that may be left out cannot be null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default", "title")}
    default = {} if schema.get("default") is None else {"default": schema["default"]}
    return {**rest, **(kinds[0] if kinds else {}), **default}


def _header_parameters(found: Operation) -> list[Json]:
    parameters = []
    if found.creates:
        key = {"type": "string", "pattern": "^[!-~]{1,200}$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    if found.versioned:
        tag = {"type": "string", "description": "The ETag that was read, or `*`."}
        parameters.append({"name": "If-Match", "in": "header", "required": False, "schema": tag})
    return parameters


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
