"""A roll-out against a gcloud that keeps its services in a file: what serves at the end, whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("agents", "auth")
OLD_IMAGE, NEW_IMAGE = "runner@sha256:old", "runner@sha256:new"
WELL = {"/": 200, "/health": 200, "/config.json": 200, "/api/agents": 401}


@dataclass
class Site:
    """A server on loopback that answers as it is told."""

    answers: dict[str, int] = field(default_factory=lambda: dict(WELL))
    url: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(found.answers.get(self.path, 404))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


class World:
    """Two services and the job, of which a deployment makes new revisions."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.place, self.folder, self.site = folder / "cloud.json", folder, site
        bin = folder / "bin"
        bin.mkdir()
        stand_in = ROOT / "tests" / "infra" / "stand_in_gcloud.py"
        (bin / "gcloud").write_text(f'#!/bin/sh\nexec {sys.executable} {stand_in} "$@"\n')
        (bin / "gcloud").chmod(0o755)
        self.env = {"PATH": f"{bin}:{os.environ['PATH']}", "STAND_IN": str(self.place)}
        services = {name: self._service(name) for name in SERVICES}
        container = {"image": OLD_IMAGE}
        job = {"spec": {"template": {"spec": {"template": {"spec": {"containers": [container]}}}}}}
        self.write({"services": services, "jobs": {"agent-runner": job}, "requests": [], "calls": []})

    def _service(self, name: str) -> dict[str, Any]:
        old = f"{name}-1"
        traffic = [{"revisionName": old, "percent": 100, "latestRevision": True}]
        status = {"traffic": traffic, "latestReadyRevisionName": old, "latestCreatedRevisionName": old}
        return {"candidate": self.site.url, "status": status}

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.place.read_text())
        return found

    def write(self, state: dict[str, Any]) -> None:
        self.place.write_text(json.dumps(state))

    def change(self, **changes: Any) -> None:
        self.write(self.read() | changes)

    def apply(self, *, ready: bool = True) -> None:
        """What Terraform does: new revisions, without a word about traffic."""
        state = self.read()
        for name in SERVICES:
            status = state["services"][name]["status"]
            status["latestCreatedRevisionName"] = f"{name}-2"
            if ready:
                status["latestReadyRevisionName"] = f"{name}-2"
        job = state["jobs"]["agent-runner"]["spec"]["template"]["spec"]["template"]
        job["spec"]["containers"][0]["image"] = NEW_IMAGE
        self.write(state)

    def answered(self, revision: str, *statuses: int) -> None:
        self.change(requests=[*self.read()["requests"], *([revision, status] for status in statuses)])

    def rollout(self, what: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "infra" / "rollout.py"), what, *words, "--project", "example-project"]
        command += ["--services", ",".join(SERVICES), "--smoke-services", "agents", "--minutes", "0", "--every", "0"]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=200, check=False
        )

    def serving(self) -> dict[str, dict[str, int]]:
        found = self.read()["services"]
        return {
            name: {part["revisionName"]: part["percent"] for part in service["status"]["traffic"] if "percent" in part}
            for name, service in found.items()
        }

    @property
    def image(self) -> str:
        job = self.read()["jobs"]["agent-runner"]["spec"]["template"]["spec"]["template"]
        found: str = job["spec"]["containers"][0]["image"]
        return found

    def splits(self) -> list[str]:
        calls = self.read()["calls"]
        return [words[words.index("--to-revisions") + 1] for words in calls if "--to-revisions" in words]


@pytest.fixture
def world(tmp_path: Path, site: Site) -> World:
    return World(tmp_path, site)


OLD = {"agents": {"agents-1": 100}, "auth": {"auth-1": 100}}
NEW = {"agents": {"agents-2": 100}, "auth": {"auth-2": 100}}


def test_what_is_applied_has_no_traffic_until_it_is_released(world: World) -> None:
    assert world.rollout("hold").returncode == 0
    world.apply()

    assert world.serving() == OLD


def test_a_good_release_has_five_percent_first_and_then_everything(world: World) -> None:
    world.rollout("hold")
    world.apply()
    world.answered("agents-2", *[200] * 99, 503)

    done = world.rollout("release", world.site.url)

    assert done.returncode == 0, done.stderr
    assert {"agents-1=95,agents-2=5", "auth-1=95,auth-2=5"} <= set(world.splits())
    assert world.serving() == NEW
    assert world.image == NEW_IMAGE
    assert "100 requests, 1 faults" in done.stdout


def test_more_than_one_percent_of_faults_brings_the_old_revisions_back(world: World) -> None:
    world.rollout("hold")
    world.apply()
    world.answered("agents-2", *[200] * 98, 503, 500)

    done = world.rollout("release", world.site.url)

    assert done.returncode != 0
    assert "2 of 100 requests failed" in done.stderr
    assert world.serving() == OLD
    assert world.image == OLD_IMAGE


def test_faults_of_the_old_revision_are_not_held_against_the_new_one(world: World) -> None:
    world.rollout("hold")
    world.apply()
    world.answered("agents-1", *[503] * 50)

    assert world.rollout("release", world.site.url).returncode == 0
    assert world.serving() == NEW


@pytest.mark.parametrize(("path", "status"), [("/health", 503), ("/api/agents", 200), ("/config.json", 500)])
def test_a_failed_smoke_test_brings_the_old_revisions_back(world: World, path: str, status: int) -> None:
    world.rollout("hold")
    world.apply()
    world.site.answers[path] = status

    done = world.rollout("release", world.site.url)

    assert done.returncode != 0
    assert f"{path} answers {status}" in done.stderr
    assert world.serving() == OLD
    assert world.image == OLD_IMAGE


def test_a_revision_that_does_not_start_never_has_traffic(world: World) -> None:
    world.rollout("hold")
    world.apply(ready=False)

    done = world.rollout("release", world.site.url)

    assert done.returncode != 0
    assert world.serving() == OLD
    assert all(split.endswith("-1=100") for split in world.splits())


def test_when_gcloud_fails_in_the_middle_the_old_revisions_come_back(world: World) -> None:
    world.rollout("hold")
    world.apply()
    world.change(refuses="logging read")

    assert world.rollout("release", world.site.url).returncode != 0
    assert world.serving() == OLD


def test_the_first_deployment_of_all_has_nothing_to_go_back_to(world: World) -> None:
    services, jobs = world.read()["services"], world.read()["jobs"]
    world.change(services={}, jobs={})
    assert world.rollout("hold").returncode == 0

    world.change(services=services, jobs=jobs)
    world.apply()

    assert world.rollout("release", world.site.url).returncode == 0
    assert world.serving() == NEW


def test_what_did_not_change_is_not_tried(world: World) -> None:
    world.rollout("hold")

    assert world.rollout("release", world.site.url).returncode == 0
    assert not any("=5" in split for split in world.splits())


def test_the_subscriptions_of_events_get_their_topic_for_dead_letters(world: World) -> None:
    outputs = {"event_subscriptions": {"value": ["one", "two"]}, "dead_letter_topic": {"value": "topics/dead"}}
    (world.folder / "outputs.json").write_text(json.dumps(outputs))

    assert world.rollout("dead-letters").returncode == 0

    calls = [words for words in world.read()["calls"] if words[0] == "pubsub"]
    assert [words[3] for words in calls] == ["one", "two"]
    assert all(words[words.index("--dead-letter-topic") + 1] == "topics/dead" for words in calls)
