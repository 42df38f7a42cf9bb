"""The second try of a test in a browser: for what a late page raises, on a fresh platform, and never in silence."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORY = """
import pytest

houses = []

@pytest.fixture(scope="module")
def house():
    houses.append("stands")
    yield houses
    houses.append("falls")

@pytest.mark.browser
def test_late_once(house):
    assert house == ["stands", "falls", "stands"], "the first platform was spoilt"

def test_the_next_one_has_the_same_house(house):
    assert house == ["stands", "falls", "stands"]

@pytest.mark.browser
def test_late_twice(house):
    raise AssertionError("always late")

@pytest.mark.browser
def test_broken(house):
    raise KeyError("no second try")

def test_of_no_browser(house):
    raise AssertionError("no second try")
"""


def test_only_a_late_page_is_tried_again_and_the_summary_tells_each_first_failure(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    (tmp_path / "test_story.py").write_text(STORY)

    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", "--dist", "loadscope"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    ).stdout  # fmt: skip

    assert "3 failed, 2 passed, 2 rerun" in told, told
    assert "2 tests needed a second try: test_story.py::test_late_once, test_story.py::test_late_twice" in told
    assert "first try of test_story.py::test_late_once, call" in told
    assert "the first platform was spoilt" in told.partition("needed a second try")[2]
    for name in ("test_late_twice", "test_broken", "test_of_no_browser"):
        assert f"FAILED test_story.py::{name}" in told
