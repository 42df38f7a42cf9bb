"""Which agent or run a person means: a slug, an id, or the beginning of an id."""

from collections.abc import Callable, Iterable
from typing import Any

from ohmyagent.cli import forms, words
from ohmyagent.cli.client import Client, segment
from ohmyagent.cli.problems import Refused, Stop, Usage

FAR_BACK = 500
"""How many runs are looked through for the beginning of an id."""
MOST_AGENTS = 10_000

Found = dict[str, Any]


def agents(client: Client) -> list[Found]:
    return list(client.items("/api/agents", MOST_AGENTS))


def agent(client: Client, name: str) -> Found:
    """By slug or id; raises Usage when it may be several, Stop when it is none."""
    found = _agent(client, name)
    if found is None:
        raise Stop(words.NONE_SUCH(what=words.WHAT_AGENT(), id=name))
    return found


def run(client: Client, name: str) -> Found:
    """By id, or the latest run of the agent with that slug; raises Usage, Stop."""
    kind, found = either(client, name)
    if kind == "run":
        return found
    latest = next(client.items("/api/executions", 1, agentId=found["id"]), None)
    if latest is None:
        raise Stop(words.NO_RUNS(slug=found["slug"]))
    return latest


def either(client: Client, name: str) -> tuple[str, Found]:
    """`("run", …)` or `("agent", …)`; raises Usage, Stop."""
    found = _exact(client, "executions", name)
    if found is not None:
        return "run", found
    found = _agent(client, name)
    if found is not None:
        return "agent", found
    found = _only(name, client.items("/api/executions", FAR_BACK), lambda entry: entry["id"])
    if found is not None:
        return "run", found
    raise Stop(words.NONE_SUCH(what=words.WHAT_EITHER(), id=name))


def _agent(client: Client, name: str) -> Found | None:
    known = agents(client)
    exact = next((entry for entry in known if name in (entry["slug"], entry["id"])), None)
    return exact or _only(name, known, lambda entry: entry["id"])


def _exact(client: Client, kind: str, name: str) -> Found | None:
    try:
        return client.get(f"/api/{kind}/{segment(name)}")
    except Refused as refusal:
        if refusal.status == 404:
            return None
        raise


def _only(name: str, entries: Iterable[Found], identity: Callable[[Found], str]) -> Found | None:
    """The one whose id begins so; raises Usage when there are several."""
    found = [entry for entry in entries if identity(entry).startswith(name)]
    if len(found) > 1:
        raise Usage(words.AMBIGUOUS(id=name, ids=", ".join(forms.short(identity(entry)) for entry in found[:5])))
    return found[0] if found else None
