"""The sample run of `oma up --demo`: the main job, shown by itself."""

from pathlib import Path
from threading import Event

from ohmyagent.cli import agent_files, finding, live, screen, words
from ohmyagent.cli.client import Client, Json
from ohmyagent.cli.problems import Stop

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "workspace-report.md"


def show(client: Client, stop: Event) -> None:
    """Run the sample agent, as its owner has changed it since the first time; ends early when `stop` is set."""
    try:
        file = agent_files.read(SAMPLE)
        known = next((agent for agent in finding.agents(client) if agent["slug"] == file.slug), None)
        agent = known or _made(client, file.text)
        screen.say("")
        screen.say(words.SAMPLE(name=agent["name"], slug=agent["slug"]), "bold")
        run = live.watch(client, client.post(f"/api/agents/{agent['id']}/executions"), stop=stop)
        live.summary(run)
        live.result(run)
        screen.say("")
    except Stop as problem:
        if not stop.is_set():
            screen.say(words.SAMPLE_FAILED(reason=problem), "red")


def _made(client: Client, text: str) -> Json:
    """A file arrives paused because its schedule might surprise; the sample has none, and is ready."""
    made = client.send_text("POST", "/api/agents/import", text)
    return client.patch(f"/api/agents/{made['id']}", {"status": "active"})
