"""Agents and runs as tables, and one of them in full."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from ohmyagent.cli import finding, forms, live, narration, screen, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.screen import clean

Found = dict[str, Any]


def agents(client: Client, limit: int, *, as_json: bool) -> None:
    found = list(client.items("/api/agents", limit))
    if as_json:
        screen.data({"items": found})
        return
    if not found:
        screen.say(words.NO_AGENTS())
    rows = [
        (
            Text(agent["slug"], style="bold"),
            Text(clean(agent["name"])),
            narration.state(agent["status"]),
            Text(_schedule(agent)),
            _last_run(agent),
            Text(str(agent["totalRuns"])),
            Text(forms.money(agent["totalCostMicroUsd"])),
        )
        for agent in found
    ]
    heads = (words.SLUG, words.NAME, words.STATE, words.SCHEDULE, words.LAST_RUN, words.RUNS, words.COST)
    _print(heads, rows)


def runs(client: Client, limit: int, *, as_json: bool) -> None:
    found = list(client.items("/api/executions", limit))
    if as_json:
        screen.data({"items": found})
        return
    if not found:
        screen.say(words.NO_RUNS_YET())
    slugs = {agent["id"]: agent["slug"] for agent in finding.agents(client)} if found else {}
    rows = [
        (
            Text(forms.short(run["id"]), style="bold"),
            Text(slugs.get(run["agentId"], "–")),
            narration.state(run["status"]),
            Text(forms.when(run["createdAt"])),
            Text(forms.took(run)),
            Text(forms.tokens(run["tokenUsage"])),
            Text(forms.cost(run)),
        )
        for run in found
    ]
    heads = (words.ID_HEAD, words.WHAT_AGENT, words.STATE, words.STARTED, words.TOOK, words.TOKENS_USED, words.COST)
    _print(heads, rows)


def show(client: Client, name: str, *, as_json: bool) -> None:
    kind, found = finding.either(client, name)
    if as_json:
        screen.data(found)
    elif kind == "agent":
        _agent(found)
    else:
        _run(found)


def _agent(agent: Found) -> None:
    limits = agent["limits"]
    per_run = words.PER_RUN(
        cost=forms.money(limits["maxCostMicroUsd"]),
        turns=limits["maxTurns"],
        time=forms.seconds(limits["timeoutSeconds"]),
        month=forms.money(limits["monthlyCostMicroUsd"]),
    )
    _fields(
        (words.NAME, clean(agent["name"])),
        (words.SLUG, agent["slug"]),
        (words.ID_HEAD, agent["id"]),
        (words.STATE, narration.state(agent["status"])),
        (words.STANDS_STILL, _standstill(agent)),
        (words.DESCRIPTION, clean(agent["description"])),
        (words.MODEL, agent["model"]),
        (words.TOOLS, ", ".join(agent["tools"])),
        (words.HOSTS, ", ".join(agent["network"]["allow"])),
        (words.SCHEDULE, _schedule(agent)),
        (words.NEXT_RUN, forms.when(agent["nextRunAt"]) if agent["nextRunAt"] else ""),
        (words.LIMITS, per_run),
        (words.LAST_RUN, _last_run(agent)),
        (words.RUNS, str(agent["totalRuns"])),
        (words.COST, forms.money(agent["totalCostMicroUsd"])),
    )
    screen.out.print()
    screen.tell(agent["finalPrompt"].strip())


def _run(run: Found) -> None:
    trigger = words.TRIGGERS.get(run["trigger"])
    _fields(
        (words.ID_HEAD, run["id"]),
        (words.STATE, narration.state(run["status"])),
        (words.KIND, forms.kind(run)),
        (words.ERROR, Text(clean(run["error"] or ""), style="red")),
        (words.TRIGGER, trigger() if trigger else run["trigger"]),
        (words.CREATED_AT, forms.when(run["createdAt"])),
        (words.TOOK, forms.took(run)),
        (words.TOKENS_USED, forms.tokens(run["tokenUsage"])),
        (words.COST, forms.cost(run)),
        (words.MODEL, forms.model(run)),
        (words.HOSTS, ", ".join(f"{clean(host['host'])} ×{host['requests']}" for host in run["hosts"])),
    )
    live.result(run)


def _schedule(agent: Found) -> str:
    """In words, with the person's own beside them."""
    schedule, said = agent["schedule"], agent["scheduleText"]
    if schedule is None:
        return words.NO_SCHEDULE()
    text: str = said["ko" if words.LANGUAGE == "ko" else "en"]
    return clean(f"{text} · {schedule['text']}" if schedule["text"] else text)


def _standstill(agent: Found) -> Text:
    reason = words.STANDSTILLS.get(agent["pausedReason"] or "")
    return Text(reason() if reason else "", style="yellow")


def _last_run(agent: Found) -> Text:
    last = agent["lastExecution"]
    if last is None:
        return Text("–")
    if last["resultKind"] == "blocked":
        return Text(words.KINDS["blocked"](), "yellow")
    return narration.state(last["status"])


def _fields(*fields: tuple[words.Words, str | Text]) -> None:
    """Names and values; what is empty is left out."""
    table = Table.grid(padding=(0, 2))
    for name, value in fields:
        if value:
            table.add_row(Text(name(), style="dim"), value if isinstance(value, Text) else Text(value))
    screen.out.print(table)


def _print(heads: tuple[words.Words, ...], rows: Sequence[tuple[Text, ...]]) -> None:
    """A table; into a pipe without colours, cut off nowhere."""
    if not rows:
        return
    if not screen.out.is_terminal:
        for row in rows:
            screen.raw("\t".join(cell.plain for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head(), overflow="fold")
    for row in rows:
        table.add_row(*row)
    screen.out.print(table)
