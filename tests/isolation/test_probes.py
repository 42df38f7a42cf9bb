"""Every probe of probes.py, tried by an agent inside one real execution, as root starts it and as an ordinary user."""

from __future__ import annotations

import os
import platform
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import fake_platform
from tests.isolation.harness import REPOSITORY, Identity, bash, finished
from tests.isolation.probes import ALL, Probe

TOOLS = Path(__file__).parent / "tools"
ALLOWED_HOSTS = {"allow": ["localhost", "allowed.example", "*.example.org"]}
CANARIES = {"CANARY_KEY": "CANARY-in-the-environment"}


@pytest.fixture(scope="session")
def facts() -> Iterator[dict[str, str]]:
    """Things of the host that an agent would like to find."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oma-other-agent-")))
        folder.chmod(0o755)
        secret = folder / "secret.txt"
        secret.write_text("of another agent")
        secret.chmod(0o644)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0oma-canary-{os.getpid()}")
        abstract.listen()
        yield {
            "other_file": str(secret),
            "host_tmp": str(folder),
            "host_port": str(listening.getsockname()[1]),
            "abstract_socket": f"oma-canary-{os.getpid()}",
            "repository": re.escape(str(REPOSITORY)),
            "home_folder": re.escape(os.path.expanduser("~")),
            "runner_token": fake_platform.TOKEN,
            "model_token": fake_platform.MODEL_TOKEN,
            "nonce": fake_platform.NONCE,
            "backwards": " ".join(
                word[::-1] for word in (fake_platform.TOKEN, fake_platform.NONCE, CANARIES["CANARY_KEY"])
            ),
        }


@pytest.fixture(scope="session")
def answers(identity: Identity, home: str, facts: dict[str, str]) -> dict[str, str]:
    """What each probe printed, by its name."""
    probes = [probe for probe in ALL if applies(probe)]
    steps = [bash(filled(probe.command, facts)) for probe in probes]
    run = finished(
        identity, home, *steps, maxTurns=len(steps) + 5, timeoutSeconds=170, network=ALLOWED_HOSTS,
        workspace=[(tool.name, tool.read_bytes()) for tool in TOOLS.iterdir()], environment=CANARIES,
    )  # fmt: skip
    assert run.platform.report["outcome"] == "succeeded", run.platform.report["error"]
    return dict(zip([probe.name for probe in probes], run.outputs(), strict=True))


@pytest.mark.parametrize("probe", ALL, ids=lambda probe: probe.name)
def test_nothing_comes_of_trying(probe: Probe, answers: dict[str, str], facts: dict[str, str]) -> None:
    if not applies(probe):
        pytest.skip(f"made for {probe.machine}")
    never = filled(probe.never, facts) if probe.never else None
    output = answers[probe.name]
    assert re.search(probe.expected, output, re.MULTILINE), output
    assert not (never and re.search(never, output, re.MULTILINE)), output


def applies(probe: Probe) -> bool:
    return probe.machine in (None, platform.machine())


def filled(text: str, facts: dict[str, str]) -> str:
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text
