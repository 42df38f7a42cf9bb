"""The HTTP functions over the real local adapters, at a fixed time, and those who call them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ohmyagent import http, records, wiring
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.ports import Liveness
from ohmyagent.settings import Settings
from ohmyagent.use_cases import running, signing_in

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DRAFT = {"name": "경쟁사 뉴스", "finalPrompt": "뉴스를 요약해 줘"}
ROOMY = '{"guest": {"agents": 1000, "runsPerDay": 1000}}'
"""For tests of something else: a guest is whoever calls, and plans have tests of their own."""
PUBLIC_URL = "http://127.0.0.1:8080"


class Clock:
    """Noon, until a test moves it."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@dataclass
class NoJobs:
    """Starts nothing and remembers what it was asked to start, so that a test can play the runner."""

    nonces: dict[str, str]

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        self.nonces[launch_id] = nonce
        return f"handle-{launch_id}"

    def probe(self, handle: str, index: int) -> Liveness:
        return Liveness.ALIVE

    def stop(self, handle: str, index: int) -> None:
        """Nothing runs."""


class Person:
    """Somebody who calls the API with a bearer."""

    def __init__(self, flask: Flask, token: str, id: str) -> None:
        self._client: FlaskClient = flask.test_client(use_cookies=False)
        self.id = id
        self.headers = {"Authorization": f"Bearer {token}"}
        self.token = token

    def call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self._client.open(path, method=method, headers=self.headers | (headers or {}), **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.call("POST", path, **more)

    def put(self, path: str, **more: Any) -> TestResponse:
        return self.call("PUT", path, **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        return self.call("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.call("DELETE", path, **more)

    def agent(self, **fields: Any) -> dict[str, Any]:
        made = self.post("/api/agents", json=DRAFT | fields)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json
        return found

    def run(self, agent_id: str, **body: Any) -> dict[str, Any]:
        accepted = self.post(f"/api/agents/{agent_id}/executions", json=body)
        assert accepted.status_code == 202, accepted.text
        found: dict[str, Any] = accepted.json
        return found


class Runner:
    """A runner that has claimed an execution, speaking the protocol over HTTP."""

    def __init__(self, flask: Flask, claim: dict[str, Any]) -> None:
        self._client = flask.test_client(use_cookies=False)
        self.claim = claim
        self.headers = {"Authorization": f"Bearer {claim['token']}"}
        self._base = f"/runner/executions/{claim['executionId']}"

    def post(self, what: str, **body: Any) -> TestResponse:
        return self._client.post(
            f"{self._base}/{what}", json={"epoch": self.claim["epoch"]} | body, headers=self.headers
        )

    def put(self, url: str, body: bytes) -> TestResponse:
        return self._client.put(url, data=body, headers=self.headers)


class Api:
    """The application with every group of routes."""

    def __init__(self, platform: wiring.Local, clock: Clock, jobs: NoJobs) -> None:
        self.platform = platform
        self.clock = clock
        self.jobs = jobs
        self.flask = http.build(platform)

    def browser(self) -> FlaskClient:
        """Keeps cookies, signs in by nothing else."""
        return self.flask.test_client()

    def anybody(self) -> FlaskClient:
        return self.flask.test_client(use_cookies=False)

    def guest(self) -> Person:
        made = self.anybody().post("/api/auth/guest").json
        assert made is not None
        return Person(self.flask, made["token"], made["user"]["id"])

    def again(self, person: Person) -> Person:
        """The same person in a new session."""
        here = self.platform
        user = records.users.get(here.store, person.id)
        opened = signing_in.redeem(here.store, signing_in.new_link_code(here.store, user, here.now()), here.now())
        return Person(self.flask, opened.token, person.id)

    def claimed(self, execution_id: str) -> Runner:
        """Launch the execution and claim it, as the queue and a runner would."""
        here, launch_id = self.platform, self.execution(execution_id).launch_id
        running.launch(here.store, self.jobs, launch_id, here.pace, here.now())
        body = {"nonce": self.jobs.nonces[launch_id], "taskIndex": 0, "handle": f"handle-{launch_id}"}
        claim = self.anybody().post(f"/runner/launches/{launch_id}/claim", json=body)
        assert claim.status_code == 200, claim.text
        return Runner(self.flask, claim.json)

    def execution(self, id: str) -> Execution:
        return Execution.of(self.platform.store.get(f"executions/{id}"))

    def ended(self, execution_id: str) -> None:
        """End it by the sweep's way, without a runner."""
        here = self.platform
        here.store.transact(lambda tx: running.end(tx, execution_id, Status.FAILED, here.now(), error_code="agent"))

    def dump(self) -> dict[str, Any]:
        """Everything that is kept: documents, tasks, bodies of files."""
        connection = self.platform.store.database.connection()
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept: dict[str, Any] = {
            table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}").fetchall())) for table in tables
        }
        kept["files"] = sorted(str(path) for path in (self.platform.settings.data / "files").rglob("*"))
        return kept


def made(folder: Path) -> Iterator[Api]:
    plans = folder / "plans.json"
    plans.write_text(ROOMY)
    settings = Settings.from_env(
        {"OMA_DATA": str(folder / "data"), "OMA_PUBLIC_URL": PUBLIC_URL, "OMA_PLANS": str(plans)}
    )
    clock, jobs = Clock(), NoJobs({})
    platform = replace(wiring.local(settings), now=clock, jobs=jobs)
    yield Api(platform, clock, jobs)
    platform.store.close()
