"""The set-up: it does what is missing, once, and says plainly what it cannot bring.

A copy of `scripts/` in an empty folder sets up that folder, so nothing of this one is touched.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINS = re.compile(r"^([a-z0-9][\w.-]*)==([^\s;]+)", re.MULTILINE)

STEPS = """
import sys, time
sys.path[:0] = ["scripts", "."]
from pathlib import Path
from installation import main
from installation.commands import run
from installation.words import Missing, Words

class Step:
    title = Words("A thing", "어떤 것")
    def pending(self): return not Path("done").exists()
    def install(self, line): {install}

main.steps = lambda goal: [Step()]
sys.exit(main.main("run"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds nothing but what set-up reads."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "ohmyagent/runner", tmp_path / "ohmyagent/runner")
    shutil.copy(ROOT / "ohmyagent/__init__.py", tmp_path / "ohmyagent")
    return tmp_path


def surroundings(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "OMA_SANDBOX_HOME": str(folder / "home"), "LANG": "C.UTF-8"}


def set_up(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run set-up with its sandbox home inside the folder too."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=surroundings(folder) | environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def steps(install: str) -> Sequence[str]:
    """A set-up whose only step runs this line, until a file `done` is there."""
    return ["-c", STEPS.format(install=install)]


def test_a_step_is_shown_with_its_number_and_done_once(folder: Path) -> None:
    first = set_up(folder, *steps("Path('done').touch(); line.detail('3 parts')"))
    assert first.returncode == 0
    assert re.search(r"^\[1/1\] A thing … 3 parts, \d+\.\d s$", first.stderr, re.MULTILINE)

    second = set_up(folder, *steps("raise SystemExit('done again')"))
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_progress_is_korean_on_a_korean_terminal(folder: Path) -> None:
    assert "어떤 것" in set_up(folder, *steps("Path('done').touch()"), LANG="ko_KR.UTF-8").stderr


def test_what_is_missing_is_said_in_both_languages_without_a_traceback(folder: Path) -> None:
    answer = set_up(folder, *steps("raise Missing('No moon.', '달이 없습니다.')"))
    assert answer.returncode == 1
    assert answer.stderr.endswith("\nNo moon.\n달이 없습니다.\n")
    assert "Traceback" not in answer.stderr


def test_a_program_that_fails_is_quoted_with_the_lines_that_say_why(folder: Path) -> None:
    script = "echo noise; echo 'E: no such package'; for i in 1 2 3 4 5 6 7 8; do echo trailer $i; done; exit 100"
    answer = set_up(folder, *steps(f"run(['sh', '-c', {script!r}])"))
    assert answer.returncode == 1
    assert "    E: no such package\n" in answer.stderr
    assert "trailer" not in answer.stderr.split("This command failed")[0]
    assert "trailer 8" in (folder / ".tools/setup.log").read_text()


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("OSError(28, 'No space left on device')", "The disk is full"),
        ("PermissionError(13, 'Permission denied', '/opt/x')", "Permission denied: '/opt/x'"),
    ],
)
def test_an_obstacle_of_the_system_is_one_sentence(folder: Path, raised: str, said: str) -> None:
    answer = set_up(folder, *steps(f"raise {raised}"))
    assert answer.returncode == 1
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_interrupted_set_up_says_that_it_goes_on(folder: Path) -> None:
    answer = set_up(folder, *steps("raise KeyboardInterrupt"))
    assert answer.returncode == 130
    assert "goes on from here" in answer.stderr
    assert set_up(folder, *steps("Path('done').touch()")).returncode == 0


def begun(folder: Path, command: Sequence[str], told: Path) -> subprocess.Popen[bytes]:
    with told.open("w") as stderr:
        return subprocess.Popen([sys.executable, *command], cwd=folder, env=surroundings(folder), stderr=stderr)


def test_of_two_set_ups_at_once_one_waits_and_finds_nothing_left_to_do(folder: Path) -> None:
    wait = "[time.sleep(0.02) for _ in iter(Path('go').exists, True)]"
    slow = steps(f"open('count', 'a').write('x'); {wait}; Path('done').touch()")
    said = [folder / "first", folder / "second"]
    both = [begun(folder, slow, path) for path in said]
    deadline = time.monotonic() + 60
    while not (waits := [path for path in said if "Another set-up is at work" in path.read_text()]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (folder / "go").touch()
    assert [process.wait(60) for process in both] == [0, 0]
    assert (folder / "count").read_text() == "x"
    assert len(waits) == 1


def test_without_root_a_missing_system_package_is_named_with_its_command(folder: Path) -> None:
    lacking = "system.Need('bubblewrap', lambda: False)"
    line = f"from installation import system; system.System([{lacking}], installs=False).pending()"
    answer = set_up(folder, "-c", f"import sys; sys.path[:0] = ['scripts', '.']; {line}")
    assert re.search(
        r"Missing: This machine lacks bubblewrap; install it with:  (sudo )?\S+ install -y bubblewrap", answer.stderr
    )


def test_a_tool_that_some_tests_need_stops_nobody(folder: Path) -> None:
    lacking = "system.Need('chromium', lambda: False, required=False)"
    line = f"from installation import system; print(system.System([{lacking}], installs=False).pending())"
    assert set_up(folder, "-c", f"import sys; sys.path[:0] = ['scripts', '.']; {line}").stdout == "False\n"


def test_a_python_that_is_too_old_is_refused_with_what_to_do(folder: Path) -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['setup.py']"
    answer = set_up(
        folder, "-c", f"{pretend}; runpy.run_path('scripts/setup.py', run_name='__main__')", PATH="/nowhere"
    )
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer, and here is only 3.9.2" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_newer_python_is_used_when_there_is_one(folder: Path) -> None:
    newer = folder / "bin/python3.12"
    newer.parent.mkdir()
    newer.write_text(f"#!{shutil.which('sh')}\necho newer $@\n")
    newer.chmod(0o755)
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['setup.py', 'run']"
    answer = set_up(
        folder, "-c", f"{pretend}; runpy.run_path('scripts/setup.py', run_name='__main__')", PATH=str(newer.parent)
    )
    assert answer.stdout == "newer scripts/setup.py run\n"


def test_what_the_tests_install_holds_all_that_the_program_runs_on() -> None:
    runs, tests = (
        dict(PINS.findall((ROOT / name).read_text())) for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert len(runs) > 50
    assert runs.items() <= tests.items()


def test_what_the_cloud_installs_is_what_the_program_runs_on_but_for_the_command() -> None:
    runs, cloud = (
        dict(PINS.findall((ROOT / name).read_text())) for name in ("requirements.txt", "requirements-cloud.txt")
    )
    assert len(cloud) > 50
    assert cloud.items() <= runs.items()
    assert {"typer", "rich"} <= runs.keys() - cloud.keys()


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_every_pinned_package_has_a_hash(name: str) -> None:
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE | re.IGNORECASE)
    packages = [entry for entry in entries if PINS.match(entry)]
    assert packages
    assert [entry.split()[0] for entry in packages if "--hash=sha256:" not in entry] == []


def test_make_help_names_every_command() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ})
    assert set(re.findall(r"^  make ([a-z-]+) ", shown.stdout, re.MULTILINE)) == targets
