"""What the runner writes into a log is said in Korean by the page."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = re.compile(r"""\("log", text=f?"((?:[^"\\]|\\.)*)"\)""")


def test_the_page_has_korean_words_for_each_line_that_the_runner_writes() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "ohmyagent/runner").glob("*.py"))
    page = (ROOT / "web/src/said.ts").read_text("utf-8").replace("\\", "")
    lines = WRITTEN.findall(source)
    assert len(lines) >= 4
    for line in lines:
        assert re.split(r"[{(]", line)[0].strip() in page, line
