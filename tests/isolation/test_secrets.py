"""A secret is used and nowhere to be found: looked for inside a real run and in everything that it leaves behind."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import secret_site
from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import PlatformProcess
from tests.scripted import bash, script
from tests.secret_site import HOST, OTHER, SHAPES, Site

TOOLS = Path(__file__).parent / "tools"
CANARY = "canary-7f3a9b2c41d8"
FETCH = "curl -sS -m 15 -o output/{0}.txt -w '%{{http_code}}\\n' {1}"
Json = dict[str, Any]


class House:
    """A platform whose gateway may dial the site, and what it was made of."""

    def __init__(self, platform: PlatformProcess, site: Site, model: FakeAnthropic) -> None:
        self.platform, self.site, self.model = platform, site, model

    def agent(self, *commands: str, allow: tuple[str, ...] = (HOST, OTHER)) -> Json:
        steps = [bash("mkdir -p output; " + command) for command in commands]
        return self.platform.agent(finalPrompt=script(*steps, {"text": "끝"}), network={"allow": list(allow)})

    def entrust(self, agent: Json, **fields: Any) -> None:
        body = {"value": CANARY, "hosts": [HOST]} | fields
        assert CANARY not in json.dumps(self.platform.ask("PUT", f"/api/agents/{agent['id']}/secrets/key", body))

    def upload(self, agent: Json, name: str, body: bytes) -> None:
        url = f"{self.platform.url}/api/agents/{agent['id']}/files"
        headers = {"Authorization": f"Bearer {self.platform.key}"}
        assert httpx2.post(url, files={"file": (name, body)}, headers=headers, timeout=60).status_code == 201

    def ended(self, agent: Json) -> Json:
        execution = self.platform.until(self.platform.run(agent)["id"])
        assert execution["status"] == "succeeded", execution
        return execution

    def outputs(self, execution: Json) -> list[str]:
        return [event["output"] for event in self.platform.events(execution["id"]) if event["type"] == "tool_result"]

    def artifacts(self, execution: Json) -> dict[str, bytes]:
        place = f"{self.platform.url}/api/executions/{execution['id']}/artifacts/"
        headers = {"Authorization": f"Bearer {self.platform.key}"}
        names = [file["path"] for file in execution["artifacts"]]
        return {name: httpx2.get(place + name, headers=headers, timeout=60).content for name in names}

    def left_behind(self) -> dict[str, bytes]:
        """Everything on disk, in logs, and what the model was told, by where it is."""
        files = {str(path): path.read_bytes() for path in self.platform.data.rglob("*") if path.is_file()}
        said = json.dumps(self.model.requests, default=str).encode()
        return files | {"log": self.platform.log.read_bytes(), "model": said}


@pytest.fixture(scope="module")
def house(home: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with secret_site.served() as site, FakeAnthropic() as model:
        environment = {
            "ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "test-key", "OMA_SANDBOX_HOME": home,
            "OMA_TEST_TLS_PORT": str(site.port), "OMA_TEST_CERTIFICATE": str(site.certificate),
        }  # fmt: skip
        program = (str(Path(__file__).with_name("loopback_platform.py")),)
        platform = PlatformProcess(tmp_path_factory.mktemp("secrets") / "data", environment, program)
        yield House(platform.start(), site, model)
        platform.end()


def found_in(places: dict[str, bytes]) -> list[str]:
    """Where the canary is, as it is or as base64 and hexadecimal write it."""
    forms = [CANARY.encode(), base64.b64encode(CANARY.encode()).rstrip(b"="), CANARY.encode().hex().encode()]
    return [place for place, body in places.items() if any(form in body for form in forms)]


def memory(pid: int) -> bytes:
    """What a process has in memory that it may write."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as cells:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found and "[v" not in line:
                start, end = (int(text, 16) for text in found.groups())
                try:
                    cells.seek(start)
                    parts.append(cells.read(min(end - start, 64 << 20)))
                except OSError:
                    continue
    return b"".join(parts)


def test_a_secret_is_used_and_nowhere_to_be_found(house: House) -> None:
    surroundings = (TOOLS / "surroundings.sh").read_text()
    agent = house.agent(
        FETCH.format("echo", f"http://{HOST}/echo"), FETCH.format("drip", f"http://{HOST}/drip"),
        FETCH.format("moved", f"-D output/head.txt http://{HOST}/redirect/there"), surroundings,
    )  # fmt: skip
    house.entrust(agent)
    execution = house.ended(agent)

    assert house.outputs(execution)[:3] == ["200", "200", "302"]
    assert [arrived.all("authorization") for arrived in house.site.arrived[-3:]] == [[f"Bearer {CANARY}"]] * 3
    artifacts = house.artifacts(execution)
    echoed = json.loads(artifacts["echo.txt"])
    assert ["Authorization", "Bearer " + "*" * len(CANARY)] in echoed["headers"]
    assert f"location: https://{OTHER}/echo?***" in artifacts["head.txt"].decode().lower()
    assert len(artifacts["surroundings.bin"]) > 10_000
    assert b"ANTHROPIC_AUTH_TOKEN" in artifacts["surroundings.bin"], "the search did not see what is there"
    assert {"host": HOST, "allowed": True, "requests": 3} in execution["hosts"]
    told = json.dumps([execution, house.platform.events(execution["id"])]).encode()
    assert found_in({"api": told} | artifacts | house.left_behind()) == []
    prompted = json.dumps(house.model.requests, ensure_ascii=False)
    assert f"credentials that you do not have are added: {HOST}." in prompted


@pytest.mark.skipif(os.geteuid() != 0, reason="the memory of other processes is root's to read")
def test_neither_the_runner_nor_its_sandbox_has_it_in_memory(house: House) -> None:
    agent = house.agent(FETCH.format("echo", f"http://{HOST}/echo"), "sleep 100")
    house.entrust(agent)
    before = len(house.site.arrived)
    run = house.platform.run(agent)
    deadline = time.monotonic() + 90
    while len(house.site.arrived) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    runners = house.platform.runners()
    searched = {f"{pid}": memory(pid) for pid in _with_children(runners)}
    platform = house.platform.process
    assert platform is not None

    assert len(searched) >= 4, "the run had ended"
    assert b"allowed.example" in b"".join(searched.values()), "the search did not see what is there"
    assert found_in(searched) == []
    assert found_in({"platform": memory(platform.pid)}), (
        "the platform must hold it for a moment, or this search is blind"
    )
    house.platform.ask("POST", f"/api/executions/{run['id']}/cancel")
    assert house.platform.until(run["id"])["status"] == "cancelled"


def test_another_agents_run_and_other_hosts_do_not_get_it(house: House) -> None:
    owner = house.agent(
        FETCH.format("a", f"http://{OTHER}/echo"), FETCH.format("b", f"-H 'Host: {HOST}' http://{OTHER}/echo"),
        FETCH.format("c", "http://deep.wild.example/echo"), FETCH.format("d", f"http://me:you@{OTHER}/echo"),
        FETCH.format("e", f"-L http://{HOST}/redirect/there"), FETCH.format("f", f"http://{HOST}:8080/"),
        f"printf '%s\\n' 'GET http://me@{HOST}/ HTTP/1.1' '' | sed 's/$/\\r/' > r; python3 - <<'END'\n"
        "import socket\ns = socket.create_connection(('127.0.0.1', 3128))\ns.sendall(open('r','rb').read())\n"
        "print(s.recv(99).decode().split()[1])\nEND",
    )  # fmt: skip
    house.entrust(owner)
    before = len(house.site.arrived)
    outputs = house.outputs(house.ended(owner))
    assert outputs[:4] == ["200", "200", "403", "200"]
    assert outputs[5:] == ["403", "403"]
    with_secret = [arrived for arrived in house.site.arrived[before:] if CANARY in repr(arrived)]
    assert [arrived.line for arrived in with_secret] == ["GET /redirect/there HTTP/1.1"]

    stranger = house.agent(FETCH.format("a", f"http://{HOST}/echo"))
    before = len(house.site.arrived)
    assert house.outputs(house.ended(stranger)) == ["200"]
    [arrived] = house.site.arrived[before:]
    assert CANARY not in repr(arrived)


def test_the_gateways_socket_does_not_forward_for_the_sandbox_itself(house: House) -> None:
    ask = (
        "curl -sS -m 15 -o output/answer.txt -w '%{{http_code}}' --unix-socket /run/gateway.sock -X POST "
        f"-H \"oma-run: $ANTHROPIC_AUTH_TOKEN\" {{0}} -H 'oma-method: GET' -H 'oma-target: {HOST}/echo' "
        "$ANTHROPIC_BASE_URL/forward"
    )
    agent = house.agent(ask.format(""), ask.format('-H "oma-runner: $ANTHROPIC_AUTH_TOKEN"'))
    house.entrust(agent)
    before = len(house.site.arrived)
    assert house.outputs(house.ended(agent)) == ["403", "403"]
    assert house.site.arrived[before:] == []


def test_no_shape_of_request_smuggles_another_one_past(house: House) -> None:
    agent = house.agent("python3 speak.py shapes.json")
    house.entrust(agent)
    house.upload(agent, "speak.py", (TOOLS / "speak.py").read_bytes())
    shapes = {name: base64.b64encode(raw).decode() for name, raw in SHAPES.items()}
    house.upload(agent, "shapes.json", json.dumps(shapes).encode())
    before = len(house.site.arrived)
    [said] = house.outputs(house.ended(agent))
    answers = dict(line.split(": ") for line in said.splitlines())
    assert answers.keys() == SHAPES.keys()
    assert set(answers.values()) <= {"403", "cut"}
    assert not [arrived for arrived in house.site.arrived[before:] if "smuggled" in arrived.line or arrived.body]


def _with_children(pids: list[int]) -> set[int]:
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
