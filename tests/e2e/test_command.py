"""The command as a person meets it: in a terminal, with the real platform, CLI and sandbox."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ohmyagent.cli import place
from tests.e2e.terminal import ROOT, PseudoTerminal
from tests.platform_process import HTTPError, PlatformProcess
from tests.scripted import bash, script

pytestmark = pytest.mark.sandbox

SAMPLE = str(ROOT / "examples" / "workspace-report.md")
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
Typed = Callable[..., PseudoTerminal]


@pytest.fixture
def typed(tmp_path) -> Iterator[Typed]:
    """Types a command into a terminal of its own; what is left of it is ended after the test."""
    terminals: list[PseudoTerminal] = []

    def type_(*words: str, **environment: str) -> PseudoTerminal:
        settings = {"OMA_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8"} | environment
        terminals.append(PseudoTerminal(*words, **settings))
        return terminals[-1]

    yield type_
    for terminal in terminals:
        terminal.close()


def oma(platform: PlatformProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return started(platform.data, *words)


def started(data: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "OMA_SANDBOX_HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "ohmyagent.cli.main", *words], capture_output=True, text=True, timeout=200, cwd=ROOT,
        env=kept | {"OMA_DATA": str(data), "LANG": "C.UTF-8"} | environment, check=False,
    )  # fmt: skip


def agent_file(folder: Path, prompt: str) -> str:
    path = folder / "scripted.md"
    path.write_text(f"---\nname: scripted\ntools: Bash\n---\n{prompt}\n", encoding="utf-8")
    return str(path)


def test_the_demo_shows_a_run_its_result_and_a_link_and_ends_on_ctrl_c(typed: Typed) -> None:
    terminal = typed("up", "--demo", "--port", "0", LANG="ko_KR.UTF-8")

    text = terminal.until("Ctrl-C를 누르면 멈춥니다.")

    assert "각본대로 답하는 데모 모델" in text
    assert "예제 에이전트: 작업 폴더 보고서 (workspace-report)" in text
    assert "→ Bash" in text
    assert re.search(r"✓ 성공 · [0-9.]+초 · 토큰 [0-9,]+개 · \$0\.00 · 데모 모델 \(Claude 아님\)", text)
    assert "report.md" in text
    assert re.search(r"http://127\.0\.0\.1:\d+/#signin=\S{20,}", text)
    assert "info request" not in text  # what the program logs is in a file
    assert terminal.screen.count(HIDE) == terminal.screen.count(SHOW) > 0
    listed = typed("ls", LANG="ko_KR.UTF-8")
    assert listed.end() == 0
    assert re.search(r"workspace-report\b.*사용 중", listed.text)
    terminal.type("\x03")
    assert terminal.end() == 0
    assert "Traceback" not in terminal.text


def test_a_second_demo_runs_the_same_agent_again(typed: Typed, tmp_path: Path) -> None:
    for _ in range(2):
        terminal = typed("up", "--demo", "--port", "0")
        terminal.until("Ctrl-C stops.")
        found = started(tmp_path / "data", "ls", "--json")
        terminal.type("\x03")
        assert terminal.end() == 0
    (agent,) = json.loads(found.stdout)["items"]
    # the second version of both: imported, and made ready once
    assert (agent["totalRuns"], agent["successfulRuns"], agent["version"], agent["status"]) == (2, 2, 2, "active")


def test_a_second_platform_on_the_same_data_says_where_the_first_one_is(platform: PlatformProcess) -> None:
    said = oma(platform, "up", "--port", "0")
    assert (said.returncode, said.stdout) == (1, "")
    assert f"running already, at {platform.url}" in said.stderr


def test_a_port_in_use_is_said_so_with_another_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = started(tmp_path / "data", "up", "--port", str(port))
    assert (said.returncode, said.stderr.strip()) == (
        1, f"Port {port} is in use by another program. Choose another one: oma up --port {port + 1}",
    )  # fmt: skip


def test_a_file_runs_without_a_platform_and_nothing_is_left_running(tmp_path: Path) -> None:
    said = started(tmp_path / "data", "run", SAMPLE)
    assert said.returncode == 0, said.stderr
    assert "output/report.md" in said.stdout
    assert "Starting the platform for this run" in said.stderr
    assert place.local(tmp_path / "data") is None
    deadline = time.monotonic() + 90
    while left := [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and holds(pid, tmp_path / "data")]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def holds(process: Path, folder: Path) -> bool:
    """Whether a process has a file of the folder open."""
    with contextlib.suppress(OSError):
        return any(os.readlink(handle).startswith(str(folder)) for handle in (process / "fd").iterdir())
    return False


def test_a_run_that_fails_exits_1_and_says_why(platform: PlatformProcess, tmp_path: Path) -> None:
    said = oma(platform, "run", agent_file(tmp_path, "Fail on purpose."))
    assert said.returncode == 1
    assert "✗ failed" in said.stderr


def test_ctrl_c_stops_the_run_and_waits_for_its_end(scripted, typed: Typed, tmp_path: Path) -> None:
    terminal = typed("run", agent_file(tmp_path, script(bash("while true; do :; done"))))
    terminal.until("→ Bash")
    terminal.type("\x03")
    text = terminal.until("■ cancelled")
    assert "Stopping the run" in text
    assert terminal.end() == 1
    (run,) = scripted.ask("GET", "/api/executions")["items"]
    assert run["status"] == "cancelled"
    assert terminal.screen.count(HIDE) == terminal.screen.count(SHOW)


@pytest.mark.parametrize("command", ["logs", "run"])
def test_what_is_watched_goes_on_where_it_was_after_the_platform_was_killed(
    scripted, typed: Typed, tmp_path: Path, command: str
) -> None:
    steps = (bash("for i in 1 2 3 4 5 6 7 8; do echo step; sleep 0.5; done"), {"text": "the end"})
    if command == "logs":
        scripted.run(scripted.agent(slug="scripted", finalPrompt=script(*steps)))
        terminal = typed("logs", "scripted", "-f")
    else:
        terminal = typed("run", agent_file(tmp_path, script(*steps)))
    terminal.until("→ Bash")
    scripted.kill()
    terminal.until("does not answer; trying again")
    scripted.start()
    terminal.until("✓ succeeded")
    assert terminal.end() == 0
    text = terminal.text
    assert text.count("→ Bash") == 1
    assert text.index("→ Bash") < text.index("answers again") < text.index("the end")


def test_a_backup_brings_everything_back(platform: PlatformProcess, tmp_path: Path) -> None:
    platform.agent(slug="kept")
    made = json.loads(oma(platform, "backup", "-o", str(tmp_path / "copy"), "--json").stdout)
    assert made == {"path": str(tmp_path / "copy")}
    platform.agent(slug="later")

    refused = oma(platform, "restore", str(tmp_path / "copy"))
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert slugs(platform) == {"kept", "later"}

    assert platform.stop() == 0
    assert oma(platform, "restore", str(tmp_path / "copy")).returncode == 0
    platform.start()
    assert slugs(platform) == {"kept"}


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path: Path) -> None:
    said = started(tmp_path / "data", "restore", str(tmp_path / "none"))
    assert (said.returncode, len(said.stderr.splitlines())) == (1, 1)


def slugs(platform: PlatformProcess) -> set[str]:
    return {agent["slug"] for agent in json.loads(oma(platform, "ls", "--json").stdout)["items"]}


def test_the_link_of_open_signs_a_browser_in(platform: PlatformProcess) -> None:
    code = oma(platform, "open").stdout.strip().partition("#signin=")[2]
    assert platform.ask("POST", "/api/auth/link", {"code": code})["user"]["kind"] == "owner"
    with pytest.raises(HTTPError):
        platform.ask("POST", "/api/auth/link", {"code": code})


def test_doctor_finds_this_machine_ready_and_the_platform_running(platform: PlatformProcess) -> None:
    said = oma(platform, "doctor", "--json")
    found = {check["name"]: check for check in json.loads(said.stdout)["checks"]}
    assert found["sandbox"]["ok"]
    assert found["cli"]["detail"].startswith("Claude Code CLI ")
    assert "demo model, not Claude" in found["model"]["detail"]
    assert platform.url in found["platform"]["detail"]


def test_the_owners_key_is_private(platform: PlatformProcess) -> None:
    for name in ("owner-key", "address"):
        assert (platform.data / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_dies_takes_its_own_platform_along(typed: Typed, tmp_path: Path, how: signal.Signals) -> None:
    terminal = typed("run", agent_file(tmp_path, "Look around the workspace and write a report."))
    terminal.until("queued")
    found = place.local(tmp_path / "data")
    assert found is not None
    terminal.process.send_signal(how)
    deadline = time.monotonic() + 90
    while place.local(tmp_path / "data") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert place.local(tmp_path / "data") is None


def test_a_run_on_the_terminals_own_platform_can_be_interrupted(typed: Typed, tmp_path: Path) -> None:
    """Ctrl-C reaches only the command: the platform it started lives until the run has ended."""
    terminal = typed("run", agent_file(tmp_path, "Look around the workspace and write a report."))
    terminal.until("Starting the platform")
    deadline = time.monotonic() + 90
    while place.local(tmp_path / "data") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    found = place.local(tmp_path / "data")
    assert found is not None
    assert found.pid is not None
    terminal.until("queued")
    terminal.type("\x03")
    assert terminal.end() in (0, 1)  # the run may have ended before it could be stopped
    assert "Traceback" not in terminal.text
    with pytest.raises(ProcessLookupError):
        os.kill(found.pid, 0)
