"""The virtual environment that set-up makes, made for real in a folder with an awkward name."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys\ndef main() -> int:\n    print('oma', *sys.argv[1:])\n    return 3\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree whose `oma` prints its arguments, with the environment that set-up makes for it."""
    folder = tmp_path_factory.mktemp("it's a 폴더") / "oh my agent"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "ohmyagent/runner", folder / "ohmyagent/runner")
    (folder / "ohmyagent/__init__.py").touch()
    (folder / "ohmyagent/cli").mkdir()
    (folder / "ohmyagent/cli/main.py").write_text(PROGRAM)
    made = inside(folder, "environment.create(); environment.install_program()")
    assert made.returncode == 0, made.stderr
    return folder


def inside(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code of the folder's own set-up."""
    names = "from installation import environment, packages, page, stamps"
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = ['scripts', '.']; {names}\n{code}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder), "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_oma_runs_from_anywhere_and_keeps_its_exit_code(folder: Path, tmp_path: Path) -> None:
    program = folder / ".venv/bin/oma"
    answer = subprocess.run([program, "a b", "c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.returncode) == ("oma a b c\n", 3)


def test_an_environment_that_works_is_kept(folder: Path) -> None:
    mark = folder / ".venv/mark"
    mark.touch()
    assert inside(folder, "environment.create()").returncode == 0
    assert mark.exists()


def test_one_whose_python_is_gone_is_made_again(folder: Path) -> None:
    mark = folder / ".venv/mark"
    mark.touch()
    python = folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert inside(folder, "environment.create(); environment.install_program()").returncode == 0
    assert not mark.exists()
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0


def test_a_package_with_another_hash_is_not_installed(folder: Path) -> None:
    wheel = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing.py", "")
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    requirements = folder / "requirements-thing.txt"
    install = "packages.pip('install', '--no-deps', '--find-links', '.', '-r', 'requirements-thing.txt')"

    requirements.write_text(f"thing==1.0 --hash=sha256:{'0' * 64}\n")
    refused = inside(folder, install)
    assert "not the one this project pins, so it was not installed" in refused.stderr

    requirements.write_text("thing==1.0\n")
    assert inside(folder, install).returncode != 0, "a package without a hash was taken"
    assert not list((folder / ".venv").rglob("thing.py"))

    requirements.write_text(f"thing==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    assert inside(folder, install).returncode == 0
    assert list((folder / ".venv").rglob("thing.py"))


def test_the_page_is_built_again_when_a_source_changed_and_only_then(folder: Path) -> None:
    for name in ("src/main.tsx", "dist/index.html", "node_modules/preact/index.js"):
        path = folder / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    built = "stamps.put(page._STAMP, page._made_from())"
    assert inside(folder, built).returncode == 0

    pending = "print(page.Page().pending())"
    assert inside(folder, pending).stdout == "False\n"
    (folder / "web/node_modules/preact/index.js").write_text("other")
    assert inside(folder, pending).stdout == "False\n"
    (folder / "web/src/main.tsx").write_text("other")
    assert inside(folder, pending).stdout == "True\n"
    assert inside(folder, built).returncode == 0
    (folder / "web/dist/index.html").unlink()
    assert inside(folder, pending).stdout == "True\n"
