"""The OpenAPI document as one page of HTML: no script, no other address, one style that the policy names by digest."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

from ohmyagent.domain import errors
from ohmyagent.http.problems import FRAMEWORK, status_of

Json = dict[str, Any]

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; } h2 { margin: 3rem 0 1rem; border-bottom: 1px solid var(--line); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1.5rem 0; }
section { margin: 0 0 1.75rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem; }
h3 { margin: 0; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .25rem; font-size: .85rem; } p { margin: .35rem 0; }
code { font: .9em ui-monospace, monospace; background: var(--soft); padding: .1em .3em; border-radius: .25em; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } td {
  text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
}
td:first-child { white-space: nowrap; }
.method { display: inline-block; min-width: 4.2em; } a { color: inherit; }
@media (max-width: 40rem) { table, tbody, tr, td { display: block; } }
"""
STYLE_DIGEST = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def page(document: Json) -> str:
    """The whole page; everything that is not markup is escaped."""
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    links = "".join(
        f'<a href="#{escape(name)}">{escape(_title(name))}</a>' for name in (*groups, "problems", "schemas")
    )
    body = "".join(
        f'<h2 id="{escape(name)}">{escape(_title(name))}</h2>{"".join(found)}' for name, found in groups.items()
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} API</h1><p>Version {escape(info['version'])} · "
        f'<a href="/api/openapi.json">OpenAPI document</a></p><p>{_prose(info["description"])}</p>'
        f"<nav>{links}</nav><main>{body}{_problems()}{_schemas(document['components']['schemas'])}</main></body></html>"
    )


def _operation(path: str, method: str, operation: Json) -> str:
    parts = [
        f'<section id="{escape(operation["operationId"])}">'
        f'<h3><span class="method">{method.upper()}</span> {escape(path)}</h3><p>{escape(operation["summary"])}</p>'
    ]
    if not operation["security"]:
        parts.append("<p>Needs no sign-in.</p>")
    rows = [
        (_code(given["name"]), given["in"], _kind(given["schema"]) + (", required" if given["required"] else ""))
        for given in operation.get("parameters", [])
    ]
    parts.append(_table("Parameters", rows))
    body = operation.get("requestBody", {"content": {}})["content"]
    parts.append(_table("Body", [(_code(media), _kind(content["schema"])) for media, content in body.items()]))
    answers = operation["responses"].items()
    rows = [(status, escape(said["description"]), _content(said)) for status, said in answers if int(status) < 400]
    refusals = " · ".join(f"{status} {escape(said['description'])}" for status, said in answers if int(status) >= 400)
    parts += [_table("Answers", rows), f'<p><a href="#problems">Refusals</a>: {refusals}</p></section>']
    return "".join(parts)


def _content(answer: Json) -> str:
    return ", ".join(
        _kind(content["schema"]) if media == "application/json" else _code(media)
        for media, content in answer.get("content", {}).items()
    )


def _problems() -> str:
    rows = {code: (str(status), english, korean) for status, (code, english, korean) in FRAMEWORK.items()}
    for kind in _family(errors.Problem):
        problem = kind()
        rows[kind.code] = (str(status_of(problem)), problem.said("en"), problem.said("ko"))
    cells = [
        (
            f'<code id="problem-{code}">{escape(code)}</code>',
            status,
            escape(english),
            f'<span lang="ko">{korean}</span>',
        )
        for code, (status, english, korean) in sorted(rows.items(), key=lambda row: (row[1][0], row[0]))
    ]
    return f'<h2 id="problems">Problems</h2>{_table("", cells)}'


def _family(kind: type[errors.Problem]) -> list[type[errors.Problem]]:
    return [
        kind,
        *(found for child in kind.__subclasses__() if child.__module__ == errors.__name__ for found in _family(child)),
    ]


def _schemas(schemas: Json) -> str:
    return '<h2 id="schemas">Schemas</h2>' + "".join(_schema_section(name, schema) for name, schema in schemas.items())


def _schema_section(name: str, schema: Json) -> str:
    rows = [
        (_code(field) + (" *" if field in schema.get("required", []) else ""), _kind(value), _prose(_limits(value)))
        for field, value in schema.get("properties", {}).items()
    ]
    values = ", ".join(_code(str(value)) for value in schema.get("enum", []))
    text = _prose(schema.get("description", ""))
    return (
        f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3><p>{text}</p>{values}{_table("", rows)}</section>'
    )


def _limits(schema: Json) -> str:
    known = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default")
    inner: Json = next((kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}), {})
    return ", ".join(f"{name} `{value}`" for name, value in (inner | schema).items() if name in known)


def _kind(schema: Json) -> str:
    """A schema in a few words, with a link to each that has a name."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(kind) for kind in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "const" in schema:
        return _code(repr(schema["const"]))
    if "enum" in schema:
        return " | ".join(_code(str(value)) for value in schema["enum"])
    kind = escape(str(schema.get("type", "any value")))
    return f"{kind} ({escape(schema['format'])})" if "format" in schema else kind


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    """Cells are markup already."""
    if not rows:
        return ""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (f"<h4>{escape(title)}</h4>" if title else "") + f"<table><tbody>{lines}</tbody></table>"


def _prose(text: str) -> str:
    """Escaped text with `code` marked up."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _title(tag: str) -> str:
    return tag.replace("_", " ").capitalize()
