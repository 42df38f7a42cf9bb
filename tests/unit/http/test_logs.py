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


REPORTER = logs.Reporter("demo-project", "launch", "1.2.3")


def entry_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().err)
    return found


def test_on_google_cloud_a_line_belongs_to_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("gcp", reporter=REPORTER)
    structlog.contextvars.bind_contextvars(trace="a" * 32)
    structlog.get_logger().info("request")
    entry = entry_of(capsys)
    assert entry["logging.googleapis.com/trace"] == f"projects/demo-project/traces/{'a' * 32}"
    assert "@type" not in entry
    parent = logs.traceparent()
    assert parent is not None
    assert logs.trace_of(parent) == "a" * 32


@pytest.mark.parametrize(
    ("traceparent", "cloud"),
    [
        (f"00-{'b' * 32}-{'1' * 16}-01", None),
        (f"00-{'b' * 32}-{'1' * 16}-01", f"{'c' * 32}/1;o=1"),
        (None, f"{'b' * 32}/123;o=1"),
        ("nonsense", "b" * 32),
    ],
)
def test_the_trace_of_a_request_is_taken_from_either_header(traceparent: str | None, cloud: str | None) -> None:
    assert logs.trace_of(traceparent, cloud) == "b" * 32


@pytest.mark.parametrize("header", [None, "", "x", f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'b' * 32}-{'1' * 16}-01\n"])
def test_without_a_sound_header_a_trace_begins(header: str | None) -> None:
    assert logs.trace_of(header) not in (logs.trace_of(header), "0" * 32, "b" * 32)


def test_an_error_is_one_that_error_reporting_groups(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("gcp", reporter=REPORTER)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("round failed", round="tick")
    entry = entry_of(capsys)
    assert str(entry["@type"]).endswith("ReportedErrorEvent")
    assert entry["serviceContext"] == {"service": "launch", "version": "1.2.3"}
    assert str(entry["stack_trace"]).startswith("Traceback")
    structlog.get_logger().error("request failed", at=["a.py:1 f", "b.py:22 g"])
    location = {"filePath": "b.py", "lineNumber": 22, "functionName": "g"}
    assert entry_of(capsys)["context"] == {"reportLocation": location}
