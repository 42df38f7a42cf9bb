"""The images of functions and services: what is in them, and that each process serves on the real store's emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.containers import place
from tests.containers.place import Container
from tests.containers.processes import FUNCTIONS, IN_ONE_GO, PYTHON, SERVICES, Process, environment, process
from tests.contract import emulator as emulators
from tests.infra import deployables

LIMIT = 200 * 1024 * 1024
START = ("sh", "/srv/services/start.sh")
SERVE = ("sh", "/srv/functions/start.sh")
SIZE = "import os; print(sum(e.stat(follow_symlinks=False).st_size for top in ('/opt/venv', '/srv') " \
       "for d, _, _ in os.walk(top) for e in os.scandir(d)))"  # fmt: skip


@pytest.fixture(scope="module")
def functions(wired: str) -> Iterator[Container]:
    place.build(FUNCTIONS, "functions", PYTHON, *IN_ONE_GO)
    with place.container(wired, image=FUNCTIONS) as made:
        yield made


@pytest.fixture(scope="module")
def services(wired: str) -> Iterator[Container]:
    place.build(SERVICES, "services", PYTHON, *IN_ONE_GO)
    with place.container(wired, image=SERVICES) as made:
        yield made


@pytest.fixture(scope="module")
def env(wired: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The emulator, at the other end of the wire."""
    if emulators.jar() is None:
        pytest.skip("the Firestore emulator is not installed (Google Cloud SDK and Java)")
    with ExitStack() as stack:
        running = stack.enter_context(emulators.running(tmp_path_factory.mktemp("emulator") / "log"))
        yield environment(stack.enter_context(place.peer(int(running.address.rpartition(":")[2]))))


@pytest.fixture(scope="module", params=[FUNCTIONS, SERVICES])
def image(request: pytest.FixtureRequest) -> Container:
    found: Container = request.getfixturevalue("functions" if request.param == FUNCTIONS else "services")
    return found


def test_an_image_adds_less_than_200_mb_to_its_base(image: Container) -> None:
    size = int(image.run("python", "-c", SIZE).stdout)
    print(f"{image.name}: {size / 1024 / 1024:.0f} MB beyond its base")
    assert 10_000_000 < size < LIMIT


def test_an_image_runs_as_nobody_in_particular_who_can_change_nothing_in_it(image: Container) -> None:
    assert image.run("id", "-u").stdout.strip() == "10001"
    for path in ("/srv/x", "/opt/venv/x", "/srv/ohmyagent/x", "/usr/local/bin/x"):
        assert image.run("sh", "-c", f"touch {path}").returncode != 0


def test_an_image_has_no_tools_that_build_and_says_what_is_in_it(image: Container) -> None:
    assert image.run("sh", "-c", "command -v gcc cc g++ make ld as git").stdout == ""
    assert image.run("python", "-m", "pip", "--version").returncode != 0
    code = "import importlib.metadata as m, json; print(json.dumps([d.name.lower() for d in m.distributions()]))"
    found = set(json.loads(image.run("python", "-c", code).stdout))
    assert {"flask", "pydantic", "google-cloud-firestore"} <= found
    assert not {"typer", "rich", "pip", "pytest"} & found


def test_an_image_has_neither_secrets_nor_data_nor_tests(image: Container) -> None:
    listed = image.run("find", "/srv", "-mindepth", "1", "-maxdepth", "1")
    assert set(listed.stdout.split()) <= {"/srv/ohmyagent", "/srv/functions", "/srv/services"}
    unwanted = image.run("find", "/srv", "-name", "*.env", "-o", "-name", ".oma", "-o", "-name", "test_*")
    assert unwanted.stdout == ""


def serving(stack: ExitStack, container: Container, env: dict[str, str], name: str, port: int) -> Process:
    signature = deployables.targets()[name]
    told = env | {"FUNCTION_TARGET": name, "FUNCTION_SIGNATURE_TYPE": signature, "THREADS": "4"}
    return stack.enter_context(process(container, port, told, *SERVE))


@pytest.mark.parametrize("target", deployables.targets())
def test_every_function_starts_from_the_one_image(functions: Container, env: dict[str, str], target: str) -> None:
    with ExitStack() as stack:
        started = serving(stack, functions, env, target, 8080)
        health = started.call("GET", "/health")
        if deployables.targets()[target] == "http":
            assert (health.status, health.json["target"], health.json["checks"]["store"]) == (200, "gcp", "ok")
        else:
            assert started.call("POST", "/", {"not": "an event"}).status == 400


def test_functions_in_processes_of_their_own_share_the_store(functions: Container, env: dict[str, str]) -> None:
    with ExitStack() as stack:
        auth = serving(stack, functions, env, "auth", 8081)
        agents = serving(stack, functions, env, "agents", 8082)
        guest = auth.call("POST", "/api/auth/guest", {})
        assert guest.status == 201
        token = guest.json["token"]
        made = agents.call("POST", "/api/agents", {"name": "한글", "finalPrompt": "해 줘"}, token)
        assert made.status == 201
        listed: dict[str, Any] = agents.call("GET", "/api/agents", token=token).json
        assert [agent["name"] for agent in listed["items"]] == ["한글"]
        assert agents.call("GET", "/api/agents").status == 401


def test_the_page_learns_where_the_streams_are(functions: Container, env: dict[str, str]) -> None:
    with ExitStack() as stack:
        catalogue = serving(stack, functions, env, "catalogue", 8086)
        assert catalogue.call("GET", "/config.json").json["streamUrl"] == "https://stream.example.com"


def test_a_private_function_serves_nobody_without_googles_word(functions: Container, env: dict[str, str]) -> None:
    with ExitStack() as stack:
        tick = serving(stack, functions, env, "tick", 8083)
        assert tick.call("POST", "/internal/tick", {}).status == 401
        assert tick.call("POST", "/internal/tick", {}, token="a.b.c").status in (401, 503)


@pytest.mark.parametrize("name", sorted(deployables.declared()["services"]))
def test_every_service_starts_from_the_one_image(services: Container, env: dict[str, str], name: str) -> None:
    with process(services, 8084, env, *START, name) as started:
        assert started.call("GET", "/health").status == 200


def test_the_gateway_of_the_image_lets_nobody_in_without_a_token(services: Container, env: dict[str, str]) -> None:
    with process(services, 8085, env, *START, "gateway") as gateway:
        body = {"model": "claude-haiku", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}
        assert gateway.call("POST", "/gateway/v1/messages", body, token="oma_none").status in (401, 403)
