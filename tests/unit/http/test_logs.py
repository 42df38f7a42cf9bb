"""Logs: one line, and no secrets."""

import json
from collections.abc import Iterator

import pytest
import structlog

from ohmyagent import logs

CANARIES = ("oma_" + "c" * 43, "sk-ant-" + "c" * 40, "Bearer " + "c" * 30, "http://localhost/#signin=" + "c" * 30)


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    structlog.contextvars.clear_contextvars()
    yield
    structlog.reset_defaults()


def logged(target: str, capsys: pytest.CaptureFixture[str], **fields: object) -> str:
    logs.configure(target)
    structlog.get_logger().warning("request", **fields)
    return capsys.readouterr().err


@pytest.mark.parametrize("target", ["local", "gcp"])
def test_secrets_are_cut_out_by_name_and_by_look(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = logged(
        target, capsys, prompt="do evil", sessionToken="abc123", nested={"cookie": "x=y123"}, said=list(CANARIES)
    )

    assert not [secret for secret in (*CANARIES, "do evil", "abc123", "y123", "c" * 20) if secret in line]
    assert line.count(logs.REDACTED) >= 6


def test_on_one_machine_a_line_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    line = logged("local", capsys, route="/api/agents", status=200, note="two words\nand a line")

    assert line.count("\n") == 1
    assert line[8:].strip() == "warning request route=/api/agents status=200 note='two words\\nand a line'"


def test_on_google_cloud_a_line_is_json_with_a_severity(capsys: pytest.CaptureFixture[str]) -> None:
    entry = json.loads(logged("gcp", capsys, route="/api/agents", 이름="값"))

    assert (entry["severity"], entry["message"], entry["route"], entry["이름"]) == (
        "WARNING",
        "request",
        "/api/agents",
        "값",
    )
    assert entry["time"].endswith("Z")


def test_a_traceback_follows_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("local")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("clockwork")

    line, *trace = capsys.readouterr().err.splitlines()
    assert line.endswith("error clockwork")
    assert trace[-1] == "ValueError: broken"
