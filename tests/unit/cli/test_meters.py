"""What Prometheus reads, from a platform that has something to tell; nothing of a person is in it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ohmyagent import wiring
from ohmyagent.cli.meters import Meters
from ohmyagent.settings import Settings
from ohmyagent.use_cases import ticking, watching
from tests.world import World


@pytest.fixture
def app(tmp_path: Path, world: World):
    local = wiring.local(Settings.from_env({"OMA_DATA": str(tmp_path / "data")}))
    yield replace(local, store=world.store, now=lambda: world.now)
    local.store.close()


def scraped(meters: Meters, host: str = "127.0.0.1:8080"):
    """Status, and every sample by its name and labels."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/metrics", "query_string": b"", "scheme": "http",
        "server": ("127.0.0.1", 8080), "headers": [(b"host", host.encode())],
    }  # fmt: skip
    asyncio.run(meters(scope, None, send))
    text = b"".join(message.get("body", b"") for message in sent).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sent[0]["status"], {(s.name, *sorted(s.labels.values())): s.value for s in samples}, text


def test_what_there_is_and_what_happened_is_told(app, world):
    meters = Meters(app)
    user = world.user()
    agent = world.agent(user, notify={"email": "always", "webhookUrl": "https://hooks.example.com/"})
    _, claim = world.started(user, agent)
    world.call(claim, cost=1_500)
    world.finish(claim)
    world.request(user, agent)
    ticking.mark(world.store, world.now)
    world.later(seconds=90)
    meters.counted(None, "info", {"event": "request", "method": "GET", "route": "/health", "status": 200, "ms": 12.5})
    meters.counted(None, "info", {"event": "launched", "launch": "l_1", "late_ms": 700})
    status, found, text = scraped(meters)
    assert status == 200
    expected = {
        ("oma_tick_age_seconds",): 90.0,
        ("oma_queue_tasks", "dead"): 0.0,
        ("oma_runs", "succeeded"): 1.0,
        ("oma_runs", "queued"): 1.0,
        ("oma_mails", "no_address"): 1.0,
        ("oma_webhook_deliveries", "pending"): 1.0,
        ("oma_month_cost_usd",): 0.0015,
        ("oma_month_unknown_costs",): 0.0,
        ("oma_http_requests_total", "/health", "200", "GET"): 1.0,
        ("oma_http_request_seconds_bucket", "/health", "0.025"): 1.0,
        ("oma_http_request_seconds_bucket", "/health", "0.01"): 0.0,
        ("oma_run_late_seconds_bucket", "0.5"): 0.0,
        ("oma_run_late_seconds_bucket", "1.0"): 1.0,
    }
    by_labels = {(name, *labels): value for (name, *labels), value in found.items()}
    for (name, *labels), value in expected.items():
        assert by_labels[(name, *sorted(labels))] == value, name
    assert user.id not in text
    assert agent.id not in text


def test_a_platform_that_never_ticked_has_no_age_of_it(app):
    assert not any(name == "oma_tick_age_seconds" for name, *_ in scraped(Meters(app))[1])


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("[::1]:8080", 200), ("agents.example.com", 404)])
def test_only_this_machine_may_ask(app, host, status):
    assert scraped(Meters(app), host)[0] == status


def test_every_figure_is_in_the_manual(app, world):
    watching.came_through(world.store, app.office, world.now)
    text = scraped(Meters(app))[2]
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    manual = Path("docs/metrics.md").read_text(encoding="utf-8")
    assert names
    assert [name for name in names if not name.endswith("_created") and f"`{name}`" not in manual] == []
