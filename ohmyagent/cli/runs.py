"""Starting, following and stopping runs."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ohmyagent.cli import agent_files, finding, following, live, narration, screen, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.problems import Refused, Usage


@dataclass(frozen=True)
class Job:
    """What is to be run: a file that was read and is valid, and the input for this run."""

    file: agent_files.AgentFile
    input: str | None


def job(path: Path, given: str | None) -> Job:
    """Raises Usage when the file or the input cannot be used."""
    return Job(agent_files.read(path), input_text(given))


def run(client: Client, job: Job, *, as_json: bool) -> int:
    """Bring the agent up to date with its file, run it once and show it; 0 if the run succeeded, else 1.

    Ctrl-C stops the run; a second one leaves it to itself.
    """
    known = next((agent for agent in finding.agents(client) if agent["slug"] == job.file.slug), None)
    agent_id = agent_files.put(client, job.file, known).id
    body = {} if job.input is None else {"input": job.input}
    ended = attended(client, client.post(f"/api/agents/{agent_id}/executions", body))
    if as_json:
        screen.data(ended)
    else:
        live.summary(ended)
        live.result(ended)
    return 0 if ended["status"] == "succeeded" else 1


def attended(client: Client, run: dict[str, Any]) -> dict[str, Any]:
    """Watch a run to its end, stopping it on Ctrl-C."""
    try:
        return live.watch(client, run)
    except KeyboardInterrupt:
        screen.say(words.CANCELLING(), "yellow")
        _cancel(client, run["id"])
        return live.watch(client, run, after=client.get(f"/api/executions/{run['id']}")["lastSeq"])


def logs(client: Client, name: str, *, follow: bool, as_json: bool) -> None:
    """The log as data; with `follow`, to the run's end."""
    run = finding.run(client, name)
    for event in following.events(client, run["id"], away=_away):
        if event is None:
            if not follow:
                return
        elif as_json:
            screen.data(event)
        else:
            for text in narration.lines(event):
                screen.row(screen.out, text)
    if not as_json:
        live.summary(client.get(f"/api/executions/{run['id']}"))


def cancel(client: Client, name: str, *, as_json: bool) -> None:
    run = client.post(f"/api/executions/{finding.run(client, name)['id']}/cancel")
    if as_json:
        screen.data(run)
    else:
        said = words.CANCELLED_NOW if run["status"] == "cancelled" else words.CANCEL_ASKED
        screen.say(said(id=run["id"]))


def retry(client: Client, name: str, *, as_json: bool) -> None:
    run = client.post(f"/api/executions/{finding.run(client, name)['id']}/retry")
    if as_json:
        screen.data(run)
    else:
        screen.say(words.RETRIED(id=run["id"]))


def input_text(given: str | None) -> str | None:
    """The text itself, or what is in the file after `@`; raises Usage."""
    if given is None or not given.startswith("@"):
        return given
    name = given[1:]
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise Usage(words.NO_FILE(path=name, reason=error.strerror)) from None
    except UnicodeDecodeError:
        raise Usage(words.NOT_UTF8(path=name)) from None


def _cancel(client: Client, run_id: str) -> None:
    try:
        client.post(f"/api/executions/{run_id}/cancel")
    except Refused as refusal:
        if refusal.status != 410:  # it has ended by itself meanwhile
            raise


def _away(gone: bool) -> None:
    screen.say(words.WAITING() if gone else words.BACK_AGAIN(), "yellow")
