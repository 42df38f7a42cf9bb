"""A run on the terminal: its log as it comes, and one line below it that counts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Event
from typing import Any

from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.text import Text

from ohmyagent.cli import following, forms, narration, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.problems import NotRunning, Refused, Unreachable
from ohmyagent.cli.screen import clean, err, out, raw, row, say

SPENT_SECONDS = 1.0
"""How often tokens and cost are asked for."""


class StatusLine:
    """State, time, tokens and cost of a run, drawn anew several times a second."""

    def __init__(self, execution: dict[str, Any]) -> None:
        self._spinner = Spinner("dots", style="cyan")
        self._asked = 0.0
        self.execution = execution
        created = forms.moment(execution["createdAt"]) or datetime.now(UTC)
        self._began = time.monotonic() - max(0.0, (datetime.now(UTC) - created).total_seconds())

    def refresh(self, client: Client) -> None:
        """Ask for the present figures, if it is time to; without an answer the old ones stay."""
        if time.monotonic() - self._asked >= SPENT_SECONDS:
            self._asked = time.monotonic()
            with suppress(Unreachable, NotRunning, Refused):
                self.execution = client.get(f"/api/executions/{self.execution['id']}")

    def hear(self, event: dict[str, Any]) -> None:
        """The state is known from the log before it is asked for."""
        if event["type"] == "status":
            self.execution = self.execution | {"status": event["status"]}

    def __rich__(self) -> Spinner:
        run = self.execution
        known = [forms.seconds(time.monotonic() - self._began)]
        if run["tokenUsage"] is not None:
            known += [forms.tokens(run["tokenUsage"]), forms.cost(run)]
        known.append(forms.model(run))
        self._spinner.update(text=Text.assemble(narration.state(run["status"]), " · ", " · ".join(known)))
        return self._spinner

    @contextmanager
    def shown(self) -> Iterator[None]:
        """On a terminal; elsewhere the log alone is enough."""
        if not err.is_terminal:
            yield
            return
        with Live(
            self, console=err, refresh_per_second=8, transient=True, redirect_stdout=False, redirect_stderr=False
        ):
            yield


def watch(client: Client, execution: dict[str, Any], after: int = 0, stop: Event | None = None) -> dict[str, Any]:
    """Show the run until it ends; the run as it is then.  Raises what `following.events` raises."""
    line = StatusLine(execution)
    last: dict[str, Any] | None = None
    with line.shown():
        for event in following.events(client, execution["id"], after, away=_away, stop=stop):
            if event is None:
                line.refresh(client)
                continue
            line.hear(event)
            if event["type"] in ("text", "tool_call"):
                _narrate(last)
                last = event if event["type"] == "text" else None
            if last is not event:
                _narrate(event)
    path = f"/api/executions/{execution['id']}"
    ended = following.patiently(lambda: client.get(path), away=_away, stop=stop) or line.execution
    if last is not None and last["text"].strip() != (ended["result"] or "").strip():
        _narrate(last)  # else it is the result, which is shown below
    return ended


def summary(execution: dict[str, Any]) -> None:
    """How it ended, in a line or two."""
    mark = {"succeeded": ("✓ ", "green"), "cancelled": ("■ ", "yellow")}.get(execution["status"], ("✗ ", "red"))
    if execution["resultKind"] == "blocked":
        mark = ("! ", "yellow")
    spent = (forms.took(execution), forms.tokens(execution["tokenUsage"]), forms.cost(execution))
    telling = [] if execution["resultKind"] == "done" else [forms.kind(execution)]
    known = [*filter(None, telling), *spent, forms.model(execution)]
    err.print(Text.assemble(mark, narration.state(execution["status"]), " · ", " · ".join(known)))
    if execution["error"]:
        say(execution["error"], "red")


def result(execution: dict[str, Any]) -> None:
    """What the run says at its end: rendered on a terminal, as it is into a pipe."""
    text = execution["result"]
    if not text:
        say(words.NO_RESULT(), "dim")
    elif out.is_terminal:
        out.print()
        out.print(Markdown(clean(text), hyperlinks=False))
    else:
        raw(text if text.endswith("\n") else text + "\n")
    if execution["artifacts"]:
        names = (f"{clean(file['path'])} ({forms.size(file['bytes'])})" for file in execution["artifacts"])
        say(f"{words.FILES()}: {', '.join(names)}", "dim")


def _narrate(event: dict[str, Any] | None) -> None:
    for text in narration.lines(event) if event else ():
        row(err, text)


def _away(gone: bool) -> None:
    say(words.WAITING() if gone else words.BACK_AGAIN(), "yellow")
