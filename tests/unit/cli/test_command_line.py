"""The command as a whole: quick to start, documented, with its exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ohmyagent.cli.main import oma

ROOT = Path(__file__).resolve().parents[3]
MANUAL = ROOT / "docs" / "command.md"
HEAVY = {"flask", "pydantic", "starlette", "uvicorn", "aiohttp", "anthropic", "grpc", "rich", "sqlite3", "yaml"}


def started(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.run(
        [sys.executable, "-m", "ohmyagent.cli.main", *words],
        capture_output=True, text=True, timeout=60, cwd=ROOT, env=kept | environment, check=False,
    )  # fmt: skip


def commands() -> dict[str, Any]:
    return dict(typer.main.get_command(oma).commands)  # type: ignore[attr-defined]


def options() -> Iterator[tuple[str, str]]:
    for name, command in commands().items():
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-"):
                    yield name, option


def test_help_loads_nothing_heavy() -> None:
    asked = "import sys, ohmyagent.cli.main; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert HEAVY & {name.split(".")[0] for name in loaded.stdout.split()} == set()


def test_the_language_of_the_terminal_is_spoken() -> None:
    assert "List agents or runs" in started("ls", "--help", LANG="C.UTF-8").stdout
    assert "에이전트나 실행을" in started("ls", "--help", LANG="ko_KR.UTF-8").stdout
    assert "List agents or runs" in started("ls", "--help", LANG="ko_KR.UTF-8", LC_ALL="en_US.UTF-8").stdout


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_in_the_manual_with_an_example(name: str) -> None:
    section = re.search(rf"^### oma {name}\b.*?(?=^##)", MANUAL.read_text() + "\n##", re.DOTALL | re.MULTILINE)
    assert section is not None
    assert f"$ oma {name}" in section[0]
    missing = [option for command, option in options() if command == name and f"`{option}`" not in section[0]]
    assert [option for option in missing if option != "--json"] == []


def test_the_manual_names_no_command_that_does_not_exist() -> None:
    named = set(re.findall(r"\boma ([a-z]+)\b", MANUAL.read_text()))
    assert named <= set(commands())


def test_json_is_an_option_of_every_command() -> None:
    assert {name for name, option in options() if option == "--json"} == set(commands())


def test_every_command_has_help_for_each_of_its_parameters() -> None:
    silent = [
        f"{name} {parameter.name}"
        for name, command in commands().items()
        for parameter in command.params
        if not getattr(parameter, "help", "")
    ]
    assert silent == []
    assert all(command.help for command in commands().values())


@pytest.mark.parametrize("words", [["ls", "--wat"], ["ls", "cats"], ["show"], ["up", "--port", "70000"], ["fly"]])
def test_a_mistake_in_the_command_exits_2(words: list[str]) -> None:
    assert started(*words).returncode == 2


def test_without_a_platform_a_command_says_what_to_do_and_exits_1(tmp_path: Path) -> None:
    said = started("ls", OMA_DATA=str(tmp_path / "none"), LANG="C.UTF-8")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.splitlines() == [
        "The platform is not running on this machine. Start it in another terminal: oma up"
    ]


def test_wrong_settings_are_told_line_by_line_and_exit_2(tmp_path: Path) -> None:
    said = started("ls", OMA_DATA=str(tmp_path), OMA_PORT="x", OMA_SLOTS="0")
    assert said.returncode == 2
    assert [line.split()[0] for line in said.stderr.splitlines()] == ["OMA_PORT", "OMA_SLOTS"]


def test_an_address_without_a_key_is_a_mistake(tmp_path: Path) -> None:
    said = started("ls", OMA_URL="https://oma.example.com", OMA_DATA=str(tmp_path))
    assert said.returncode == 2
    assert "OMA_API_KEY" in said.stderr


def test_the_version_is_printed() -> None:
    from ohmyagent import __version__

    assert started("--version").stdout.strip() == __version__


def test_doctor_tells_each_fault_with_its_fix_and_exits_1(tmp_path: Path) -> None:
    said = started("doctor", "--json", OMA_DATA=str(tmp_path), OMA_SANDBOX_HOME=str(tmp_path / "none"), LANG="C.UTF-8")
    found = json.loads(said.stdout)
    failed = {check["name"]: check["fix"] for check in found["checks"] if not check["ok"]}
    assert (said.returncode, found["ok"]) == (1, False)
    assert {"sandbox", "cli"} <= set(failed)
    assert all(failed.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--help"), "run [옵션] {FILE.md}"),
        (("--help",), "이 도움말을 보여 줍니다."),
        (("run", "--nope"), "오류: --nope 옵션은 없습니다. (비슷한 옵션: --input)"),
        (("ls", "-n", "0"), "오류: '--limit' / '-n' 값이 잘못되었습니다: 1 이상이어야 합니다."),
        (("shwo",), "오류: 'shwo' 명령은 없습니다. 'show' 명령을 찾으셨나요?"),
    ],
)
def test_in_korean_the_library_speaks_korean_too(words: tuple[str, ...], said: str) -> None:
    done = started(*words, LANG="ko_KR.UTF-8")
    text = done.stdout + done.stderr
    assert said in text
    assert not re.search(r"Usage|Options:|Arguments|Commands:|Show|Error|required|Input should", text)
    assert done.returncode == (0 if "--help" in words else 2)
