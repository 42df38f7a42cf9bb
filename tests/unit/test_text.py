"""What must not stand in any tracked file."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PATTERNS = {
    "the path of somebody's own machine": re.compile(r"(?<![\w.$}\])])/(?:work|Users|home/(?!agent\b)[a-z]\w*)/\w"),
    "a folder beside the repository": re.compile(r"\.\./shared\b"),
    "a key": re.compile(r"\bsk-ant-[A-Za-z0-9]+-[\w-]{40,}|\bAIza[\w-]{35}\b|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "work left for later": re.compile(r"\b(?:TODO|FIXME|XXX)\b"),
    "a merge left half done": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
ADDRESS = re.compile(r"\b[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
NOBODYS = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost|gserviceaccount\.com)$", re.IGNORECASE
)
BIGGEST = 2_000_000


@cache
def tracked() -> tuple[Path, ...]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git clone, so there is no list of tracked files")
    return tuple(path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file())


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Name and content of every tracked file that is text, but for this one."""
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content and path != Path(__file__).resolve():
            found.append((str(path.relative_to(ROOT)), content.decode("utf-8")))
    return tuple(found)


def lines(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        yield f"{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"


def people(text: str) -> list[str]:
    """Mail addresses that could be somebody's."""
    return [match[0] for match in ADDRESS.finditer(text) if not NOBODYS.search(match[1])]


@pytest.mark.parametrize("what", PATTERNS)
def test_no_tracked_file_holds(what: str) -> None:
    assert [f"{name}:{line}" for name, text in texts() for line in lines(PATTERNS[what], text)] == []


def test_example_addresses_belong_to_nobody() -> None:
    locks = ("package-lock.json",)
    assert {name: found for name, text in texts() if not name.endswith(locks) and (found := people(text))} == {}


def test_lock_files_name_no_host() -> None:
    """Each package is told by its hash; where it comes from is the business of who installs it."""
    compiled = {name: text for name, text in texts() if re.search(r"requirements[^/]*\.txt$", name)}
    assert len(compiled) >= 4
    assert {name: found for name, text in compiled.items() if (found := re.findall(r"\w+://\S+", text))} == {}

    npm = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    assert [name for name, package in npm.items() if "resolved" in package] == []


def test_no_tracked_file_is_a_program_or_an_archive() -> None:
    """Above all not the Claude CLI, which each operator downloads."""
    assert {str(path): size for path in tracked() if (size := path.stat().st_size) > BIGGEST} == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the path of somebody's own machine", "see /wo" + "rk/main/README.md"),
        ("the path of somebody's own machine", '"/home/kim/agent"'),
        ("a folder beside the repository", "as in ../sha" + "red/design"),
        ("a key", "sk-ant-api03-" + "A1b2" * 12),
        ("a key", "-----BEGIN PRIVATE" + " KEY-----"),
        ("work left for later", "# TO" + "DO: later"),
        ("a merge left half done", "<" * 7 + " HEAD"),
    ],
)
def test_what_is_looked_for_is_found(what: str, text: str) -> None:
    assert list(lines(PATTERNS[what], text))


@pytest.mark.parametrize(
    "text", ["/home/agent/x", "https://example.com/work/x", "at /workspace/output", "$HOME/work/x"]
)
def test_harmless_paths_are_left_alone(text: str) -> None:
    assert not list(lines(PATTERNS["the path of somebody's own machine"], text))


def test_only_addresses_of_nobody_pass() -> None:
    assert people("kim@example.com, lee@mail.example.org, x@evil.test") == []
    assert people("somebody@corp" + ".kr") == ["somebody@corp" + ".kr"]
