"""The internal routes: only the platform's account calls them, and each kind of failure has its answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ohmyagent import records
from ohmyagent.domain.errors import NoRoom, Unauthenticated, Unavailable
from ohmyagent.http.app import application
from ohmyagent.http.groups import GROUPS, INTERNAL
from ohmyagent.ports import Task
from ohmyagent.use_cases import working
from tests.http.world import NOON, Api, made

TOKEN = f"{'header' * 10}.{'claims' * 100}.{'signature' * 40}"
"""As long as a real one."""


class Callers:
    """Believes in one token, for any service."""

    def __init__(self) -> None:
        self.audiences: list[str] = []

    def check(self, token: str, audience: str | None) -> None:
        if token != TOKEN:
            raise Unauthenticated("The identity token is not valid here.")
        assert audience is not None
        self.audiences.append(audience)


class Cloud:
    """The local parts with what only the cloud has."""

    def __init__(self, api: Api) -> None:
        self._platform = api.platform
        self.callers = Callers()
        self.jobs: Any = api.jobs

    def address(self, service: str) -> str:
        return f"https://{service}.example.com"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)


@dataclass
class World:
    api: Api
    cloud: Cloud
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {TOKEN}"})

    def post(self, group: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return application(self.cloud, (group,)).test_client().post(path, json=json, headers=sent)

    def task(self, kind: str, body: dict[str, str], group: str = "launch", **headers: str) -> TestResponse:
        return self.post(group, f"/internal/tasks/{kind}", {"name": "n", "body": body}, **headers)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    for api in made(tmp_path):
        yield World(api, Cloud(api))


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer a.b.c"}, {"Authorization": "Basic x"}])
def test_without_the_platforms_own_token_nothing_is_done(world: World, authorization: dict[str, str]) -> None:
    world.headers = authorization
    assert world.post("tick", "/internal/tick").status_code == 401
    assert world.task("launch", {"launchId": "l1"}).status_code == 401
    assert records.pulses.find(world.api.platform.store, "tick") is None


def test_a_token_is_checked_for_the_service_that_does_the_kind(world: World) -> None:
    world.post("tick", "/internal/tick")
    for kind in working.KINDS:
        world.task(kind, {}, group=working.KINDS[kind].service)
    assert set(world.cloud.callers.audiences) == {
        f"https://{name}.example.com" for name in ("tick", "launch", "deliver")
    }


def test_a_minute_makes_what_is_due_and_launches_it(world: World) -> None:
    person = world.api.guest()
    agent = person.agent(schedule={"cron": "5 12 * * *", "timezone": "UTC"}, status="active")
    world.api.clock.time = NOON + timedelta(minutes=5, seconds=1)

    assert world.post("tick", "/internal/tick").status_code == 204

    (run,) = person.get(f"/api/executions?agentId={agent['id']}").json["items"]
    assert (run["trigger"], run["status"]) == ("schedule", "queued")
    launch_id = world.api.execution(run["id"]).launch_id
    assert world.task("launch", {"launchId": launch_id}).status_code == 204
    assert world.api.execution(run["id"]).status == "launching"


def test_a_round_that_fails_is_told_and_keeps_no_other_from_work(world: World) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise Unavailable

    world.cloud.queue = Broken()  # type: ignore[attr-defined]
    person = world.api.guest()
    agent = person.agent(schedule={"cron": "5 12 * * *", "timezone": "UTC"}, status="active")
    world.api.clock.time = NOON + timedelta(minutes=5, seconds=1)

    answer = world.post("tick", "/internal/tick")

    assert (answer.status_code, answer.json) == (500, {"failed": ["tick"]})
    assert person.get(f"/api/executions?agentId={agent['id']}").json["items"]


def launched(world: World) -> str:
    person = world.api.guest()
    return world.api.execution(person.run(person.agent()["id"])["id"]).launch_id


def test_no_room_slows_the_queue_down(world: World) -> None:
    def full(*_: Any) -> str:
        raise NoRoom

    world.cloud.jobs.launch = full
    answer = world.task("launch", {"launchId": launched(world)})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_a_failure_that_may_pass_is_tried_again_until_there_were_ten(world: World) -> None:
    def down(*_: Any) -> str:
        raise Unavailable

    world.cloud.jobs.launch = down
    body = {"launchId": launched(world)}
    put_off = {"X_CloudTasks_TaskRetryCount": "30", "X_CloudTasks_TaskExecutionCount": "22"}
    assert world.task("launch", body, **put_off).status_code == 503
    assert records.dead_tasks.page(world.api.platform.store)[0] == []


def test_the_tenth_failure_makes_a_dead_letter_and_ends_the_attempts(world: World) -> None:
    def down(*_: Any) -> str:
        raise Unavailable("with something private")

    world.cloud.jobs.launch = down
    last = {"X_CloudTasks_TaskRetryCount": "30", "X_CloudTasks_TaskExecutionCount": "21"}
    assert world.task("launch", {"launchId": launched(world)}, **last).status_code == 204
    (dead,) = records.dead_tasks.page(world.api.platform.store)[0]
    assert (dead.kind, dead.name, dead.attempts, dead.error) == ("launch", "n", 10, "Unavailable")


def test_what_no_repetition_mends_is_a_dead_letter_at_once(world: World) -> None:
    assert world.task("launch", {"launchId": "l_unknown"}).status_code == 204
    (dead,) = records.dead_tasks.page(world.api.platform.store)[0]
    assert (dead.body, dead.attempts, dead.error) == ({"launchId": "l_unknown"}, 1, "NotFound")


@pytest.mark.parametrize(("kind", "status"), [("nothing", 404), ("launch", 422)])
def test_what_is_no_task_is_refused(world: World, kind: str, status: int) -> None:
    assert world.post("launch", f"/internal/tasks/{kind}", {"name": 1}).status_code == status


def test_every_kind_has_a_group_that_is_called_as_its_service() -> None:
    assert {kind.service for kind in working.KINDS.values()} <= INTERNAL.keys()
    assert not INTERNAL.keys() & GROUPS.keys()


def test_the_local_queue_and_the_cloud_do_the_same_kinds() -> None:
    from ohmyagent.cli.clockwork import THREADS

    assert {kind for kinds in THREADS for kind in kinds} == working.KINDS.keys()
    assert Task("launch", "n").kind in working.KINDS
