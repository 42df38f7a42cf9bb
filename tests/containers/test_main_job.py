"""The main job through the three images together: functions, gateway, and a runner whose network has nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from ohmyagent import records
from ohmyagent.adapters.gcp.store import FirestoreStore
from tests.containers import place
from tests.containers.cloud import GIVEN, NAME, ContainedCloud
from tests.containers.place import HERE, LANE, THERE
from tests.containers.processes import FUNCTIONS, IN_ONE_GO, PYTHON, SERVICES
from tests.contract import emulator as emulators
from tests.fake_anthropic import FakeAnthropic
from tests.scripted import bash, script

ASK = """
import http.client, sys
for address in sys.argv[1:]:
    host, _, path = address.partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request("GET", f"/{path}")
        print(connection.getresponse().status)
    except OSError:
        print("nothing")
"""
ROOM = ("--memory", "3g", "--cpus", "2", "--pids-limit", "1024", "--add-host", f"{NAME}:{HERE}")


@pytest.fixture(scope="module")
def cloud(wired: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainedCloud]:
    if emulators.jar() is None:
        pytest.skip("the Firestore emulator is not installed (Google Cloud SDK and Java)")
    place.build()
    place.build(FUNCTIONS, "functions", PYTHON, *IN_ONE_GO)
    place.build(SERVICES, "services", PYTHON, *IN_ONE_GO)
    folder = tmp_path_factory.mktemp("contained")
    (given := folder / "given").mkdir(mode=0o755)
    with ExitStack() as stack:
        runners = stack.enter_context(place.wire(*LANE, "r"))
        emulator = stack.enter_context(emulators.running(folder / "emulator.log"))
        model = stack.enter_context(FakeAnthropic())
        more = ("--volume", f"{given}:{GIVEN}:ro", *ROOM)
        functions, services = (
            stack.enter_context(place.container(wired, *more, image=image)) for image in (FUNCTIONS, SERVICES)
        )
        environment = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "test-key"}
        cloud = ContainedCloud(
            folder, emulator, f"oma-{uuid4().hex[:12]}", environment,
            functions=functions, services=services, runners=runners,
        )  # fmt: skip
        stack.callback(cloud.stop)
        cloud.start()
        cloud.guest()
        yield cloud


def test_an_agent_writes_a_report_in_a_container_of_its_own(
    cloud: ContainedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (bash("mkdir -p output && echo '# 보고' > output/report.md"), {"text": "썼습니다."})
    agent = cloud.agent(finalPrompt=script(*steps, **{"in": 1000, "out": 50}))
    ended = cloud.until(cloud.request(agent)["id"], seconds=300)
    assert (ended["status"], ended["result"]) == ("succeeded", "썼습니다."), said(cloud)
    assert ended["tokenUsage"] == {"input": 2000, "output": 100, "cacheRead": 0, "cacheWrite": 0}
    assert [file["path"] for file in ended["artifacts"]] == ["report.md"]
    assert len(cloud.started) == 1
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", cloud.emulator.address)
    with closing(FirestoreStore(cloud.project)) as store:
        kept = records.executions.get(store, ended["id"])
    assert (kept.sandbox or {})["strategy"] == "restricted"


def test_a_runners_network_leads_to_gateway_runner_api_and_bucket_alone(cloud: ContainedCloud) -> None:
    """Asked from that network, past every wall of the sandbox: what answers, and what is not there."""
    street, agents, bucket = cloud.street.port, cloud.street.ports["agents"], urlsplit(cloud.storage.url).port
    ways = {
        f"{LANE[0]}:{street}/gateway/health": "200",
        f"{LANE[0]}:{cloud.street.ports['runner']}/health": "200",
        f"{LANE[0]}:{bucket}/": "404",
        f"{LANE[0]}:{street}/agents/health": "404",
        f"{LANE[0]}:{agents}/health": "nothing",
        f"{HERE}:{street}/agents/health": "nothing",
        f"{THERE}:{agents}/health": "nothing",
    }
    found = subprocess.run(
        ["ip", "netns", "exec", Path(cloud.runners).name, sys.executable, "-c", ASK, *ways],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert dict(zip(ways, found.stdout.split(), strict=True)) == ways
    assert cloud.ask("agents", "GET", "/health")["status"], "it is there for who may reach it"


def said(cloud: ContainedCloud) -> str:
    return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(Path(cloud.folder).glob("*.log")))
