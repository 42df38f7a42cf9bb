"""The claim as records: everything that is missing or of another type is refused by name."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ohmyagent.runner import cli
from ohmyagent.runner.protocol import Claim, Launch, ProtocolError
from tests.fake_platform import FakePlatform


@pytest.fixture
def claim() -> dict[str, Any]:
    with FakePlatform(network={"allow": ["a.example"]}) as platform:
        platform.workspace = [("a/b.txt", b"hello")]
        return platform.claim()


def test_a_claim_is_read(claim: dict[str, Any]) -> None:
    found = Claim.of(claim)
    assert (found.execution_id, found.epoch, found.spec.allow) == ("execution1", 3, ("a.example",))
    assert (found.spec.files[0].path, found.spec.files[0].size) == ("a/b.txt", 5)
    assert found.spec.limits.memory == 1 << 30


def test_secrets_do_not_show_when_a_claim_is_printed(claim: dict[str, Any]) -> None:
    found = Claim.of(claim)
    assert found.token not in repr(found)
    assert found.spec.model_token not in repr(found)


@pytest.mark.parametrize(
    "path", ["token", "spec.prompt", "spec.limits.memoryBytes", "spec.workspace.save", "spec.tools"]
)
@pytest.mark.parametrize("wrong", [None, [1]])
def test_what_is_missing_or_of_another_type_is_named(path: str, wrong: Any, claim: dict[str, Any]) -> None:
    broken = copy.deepcopy(claim)
    *folders, name = path.split(".")
    inner = broken
    for folder in folders:
        inner = inner[folder]
    inner[name] = wrong
    with pytest.raises(ProtocolError, match=name):
        Claim.of(broken)


def test_an_environment_names_everything_missing_at_once() -> None:
    with pytest.raises(ProtocolError, match="OMA_RUNNER_URL, OMA_LAUNCH_ID, OMA_LAUNCH_NONCE"):
        Launch.of({})


def test_neither_the_prompt_nor_a_secret_is_an_argument(claim: dict[str, Any]) -> None:
    spec = Claim.of(claim).spec
    words = " ".join(cli.command(spec))
    assert spec.prompt not in words
    assert spec.system_prompt not in words
    assert spec.model_token not in words


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ("http://127.0.0.1:8080/gateway", "http://gateway/gateway"),
        ("http://127.0.0.1:9", "http://gateway"),
        ("https://gateway-x.run.app/gateway", "http://gateway-x.run.app/gateway"),
    ],
)
def test_the_base_url_carries_the_gateways_path(gateway: str, expected: str) -> None:
    assert cli.base_url(gateway) == expected
