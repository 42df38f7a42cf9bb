"""The set-up's step for the toolbox, without its download: which Python, which name, and how one follows another."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import os, sys
sys.path[:0] = ["scripts", "."]
from pathlib import Path
from installation import places, toolbox
from installation.progress import Line
home = places.sandbox_home()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds what the step reads."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "ohmyagent/runner", tmp_path / "ohmyagent/runner")
    shutil.copy(ROOT / "ohmyagent/__init__.py", tmp_path / "ohmyagent")
    shutil.copy(ROOT / "requirements-toolbox.txt", tmp_path)
    return tmp_path


def printed(folder: Path, code: str) -> str:
    surroundings = {"PATH": os.environ["PATH"], "OMA_SANDBOX_HOME": str(folder / "home"), "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=True).stdout


def test_a_changed_package_setting_or_python_is_another_toolbox(folder: Path) -> None:
    name = "print(toolbox.name(Path('/usr/bin/python3.11')), toolbox.name(Path('/usr/bin/python3.12')))"
    first, other_python = printed(folder, name).split()
    names = {first, other_python}
    for changed in ("requirements-toolbox.txt", "scripts/toolbox/matplotlibrc", "scripts/toolbox/pip.conf"):
        with (folder / changed).open("a") as file:
            file.write("# changed\n")
        names.add(printed(folder, name).split()[0])
    assert len(names) == 5
    assert all(name.startswith("toolbox-") for name in names)


def test_a_machine_without_a_fitting_python_goes_without_and_is_not_asked_again(folder: Path) -> None:
    code = """
toolbox.OLDEST, toolbox.NEWEST = 98, 99
step, line = toolbox.Tools(), Line("")
print(step.pending())
step.install(line)
print(step.pending(), places.VENV.exists(), line._detail)
"""
    said = printed(folder, code)
    assert said == "True\nFalse False left out: needs Python 3.98 to 3.99 in /usr/bin\n"


def test_the_link_moves_in_one_step_and_the_previous_toolbox_stays(folder: Path) -> None:
    code = """
home.mkdir()
for name in ("toolbox-1", "toolbox-2", "toolbox-3"):
    (home / name).mkdir()
    toolbox._lead(home / "toolbox", name)
    assert os.readlink(home / "toolbox") == name
toolbox._remove_older(home, {"toolbox-3", "toolbox-2"})
print(sorted(os.listdir(home)))
"""
    assert printed(folder, code) == "['toolbox', 'toolbox-2', 'toolbox-3']\n"


def test_a_python_for_the_toolbox_is_one_that_a_sandbox_sees(folder: Path) -> None:
    found = printed(folder, "print(toolbox.system_python())").strip()
    if found == "None":
        pytest.skip("this machine has no Python 3.11 to 3.14 below /usr")
    assert found.startswith("/usr/")
    version = subprocess.check_output([found, "-c", "import sys; print(sys.version_info[1])"], text=True).strip()
    assert Path(found).name == f"python3.{version}"


def test_the_page_about_the_toolbox_names_every_package_with_its_version() -> None:
    page = (ROOT / "docs/toolbox.md").read_text()
    pins = re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements-toolbox.in").read_text(), re.MULTILINE)
    assert len(pins) > 10
    assert [pin for pin in pins if not re.search(rf"\| {pin[0]} \|.*\b{re.escape(pin[1])}\b", page)] == []
