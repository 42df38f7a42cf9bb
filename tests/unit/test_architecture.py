"""Imports go one way, and only settings and wiring know the target: read from the syntax trees, nothing is imported."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "ohmyagent"

OUTER = {"domain", "reach", "ports", "records", "use_cases", "settings", "logs"}
MAY_IMPORT = {
    "domain": {"domain"},
    "ports": {"domain"},
    "reach": set[str](),
    "records": {"records", "ports", "domain"},
    "use_cases": {"use_cases", "records", "ports", "domain", "reach"},
    "settings": {"domain"},
    "logs": {"domain"},
    "http": {"http"} | OUTER,
    "chat": {"chat", "designer", "gateway", "http"} | OUTER,
    "gateway": {"gateway", "http"} | OUTER,
    "egress": {"egress", "runner"} | OUTER,
    "demo": {"demo"},
    "designer": {"designer"} | OUTER,
    "runner": {"runner", "reach"},
    "adapters": {"adapters", "ports", "domain", "reach"},
    "wiring": {"wiring", "adapters", "http", "chat", "designer", "gateway", "demo", "runner"} | OUTER,
    "cli": {"cli", "wiring", "http", "chat", "designer", "gateway", "demo", "runner"} | OUTER,
}

COMPUTING = {"pydantic", "cronsim", "itsdangerous", "publicsuffixlist", "yaml"}  # they touch nothing outside
LIBRARIES = {
    "domain": COMPUTING,
    "ports": set[str](),
    "reach": set[str](),
    "records": {"pydantic"},
    "use_cases": COMPUTING | {"jinja2", "structlog"},
    "demo": set[str](),
    "runner": {"pyseccomp"},  # writes the system call policy when the sandbox home is filled, never during a run
}
ENGINES = {"sqlite3", "google", "smtplib"}  # what only an adapter may touch


@dataclass(frozen=True, order=True)
class Finding:
    """A line that breaks a rule."""

    where: str
    line: int
    what: str


def layer(path: Path, package: Path) -> str:
    """The first name below the package: a folder or a module."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(package.rglob("*.py")):
        if path != package / "__init__.py":
            yield path, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path, tree: ast.Module, package: Path) -> Iterator[tuple[int, str]]:
    """Every module a file imports, wherever in the file, by its full name."""
    here = (package.name, *path.relative_to(package).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(here[: -node.level]) if node.level else ""
            origin = ".".join(filter(None, [start, node.module]))
            yield from ((node.lineno, f"{origin}.{name.name}") for name in node.names)


def wrong_imports(package: Path) -> Iterator[Finding]:
    for path, tree in modules(package):
        own = layer(path, package)
        for line, name in imported(path, tree, package):
            if not allowed(own, name, package):
                yield Finding(str(path.relative_to(package)), line, name)


def allowed(own: str, name: str, package: Path) -> bool:
    """Whether a layer may import a module or a name in one."""
    first, *rest = name.split(".")
    if first == package.name:
        return own in MAY_IMPORT and (rest[0] not in MAY_IMPORT or rest[0] in MAY_IMPORT[own])
    if first in ENGINES:
        return own in ("adapters", "wiring")
    return own not in LIBRARIES or first in LIBRARIES[own] or first in sys.stdlib_module_names


def environment_reads(package: Path) -> Iterator[Finding]:
    for path, tree in modules(package):
        if layer(path, package) in ("settings", "runner"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb"):
                yield Finding(str(path.relative_to(package)), node.lineno, ast.unparse(node))
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                for name in node.names:
                    if name.name in ("environ", "getenv", "environb"):
                        yield Finding(str(path.relative_to(package)), node.lineno, f"os.{name.name}")


def target_tests(package: Path) -> Iterator[Finding]:
    for path, tree in modules(package):
        if layer(path, package) in ("settings", "wiring"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(map(names_target, [node.left, *node.comparators])):
                yield Finding(str(path.relative_to(package)), node.lineno, ast.unparse(node))
            elif isinstance(node, ast.Match) and names_target(node.subject):
                yield Finding(str(path.relative_to(package)), node.lineno, f"match {ast.unparse(node.subject)}")


def names_target(node: ast.expr) -> bool:
    """Whether an operand is the target or one of its two values."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(map(names_target, node.elts))
    if isinstance(node, ast.Constant):
        return node.value in ("gcp", "local")
    if isinstance(node, ast.Attribute):
        return node.attr in ("target", "LOCAL", "GCP")
    return isinstance(node, ast.Name) and node.id == "target"


def test_imports_go_one_way() -> None:
    assert sorted(wrong_imports(PACKAGE)) == []


def test_only_the_settings_and_the_runner_read_the_environment() -> None:
    assert sorted(environment_reads(PACKAGE)) == []


def test_only_the_settings_and_the_wiring_know_the_target() -> None:
    assert sorted(target_tests(PACKAGE)) == []


def test_every_folder_and_module_of_the_package_has_its_place_in_the_rule() -> None:
    assert {layer(path, PACKAGE) for path, _ in modules(PACKAGE)} <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/agents.py", "from ohmyagent.adapters.local.store import SqliteStore"),
        ("domain/agents.py", "import ohmyagent.use_cases.designing"),
        ("domain/agents.py", "import flask"),
        ("ports.py", "from ohmyagent import records"),
        ("use_cases/running.py", "import ohmyagent.adapters"),
        ("use_cases/running.py", "from ..adapters.local import store"),
        ("use_cases/running.py", "from google.cloud import firestore"),
        ("http/agents.py", "from ..adapters import local"),
        ("http/agents.py", "import sqlite3"),
        ("chat/turns.py", "def later():\n    from ohmyagent.adapters.gcp import store"),
        ("gateway/relay.py", "from ohmyagent import wiring"),
        ("runner/main.py", "from ohmyagent.domain import executions"),
        ("runner/main.py", "import pydantic"),
        ("adapters/local/store.py", "from ohmyagent.use_cases import running"),
        ("adapters/local/store.py", "from ...http import agents"),
        ("cli/main.py", "from ohmyagent.adapters.local.store import SqliteStore"),
        ("plugins/new.py", "import ohmyagent.domain"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, file: str, line: str) -> None:
    assert [finding.where for finding in wrong_imports(planted(tmp_path, file, line))] == [file]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/agents.py", "from pydantic import Field"),
        ("use_cases/running.py", "from ohmyagent.records import executions"),
        ("use_cases/running.py", "from . import designing"),
        ("http/agents.py", "from ..use_cases import designing"),
        ("adapters/gcp/store.py", "from google.cloud import firestore"),
        ("wiring.py", "from ohmyagent.adapters.local.store import SqliteStore"),
        ("cli/main.py", "from ohmyagent import wiring"),
    ],
)
def test_what_the_rule_allows_is_left_alone(tmp_path: Path, file: str, line: str) -> None:
    assert list(wrong_imports(planted(tmp_path, file, line))) == []


@pytest.mark.parametrize("line", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"])
def test_a_planted_read_of_the_environment_is_found(tmp_path: Path, line: str) -> None:
    assert len(list(environment_reads(planted(tmp_path, "http/agents.py", line)))) == 1
    assert not list(environment_reads(planted(tmp_path / "settings", "settings.py", line)))


@pytest.mark.parametrize(
    "line",
    [
        "settings.target == 'gcp'",
        "if mode in ('gcp', 'local'): ...",
        "kind is Target.LOCAL",
        "match settings.target:\n    case _: ...",
    ],
)
def test_a_planted_test_of_the_target_is_found(tmp_path: Path, line: str) -> None:
    assert len(list(target_tests(planted(tmp_path, "http/agents.py", line)))) == 1
    assert not list(target_tests(planted(tmp_path / "wiring", "wiring.py", line)))


def planted(folder: Path, file: str, text: str) -> Path:
    """A package of the same name that holds nothing but this text."""
    path = folder / PACKAGE.name / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder / PACKAGE.name
