"""The tools as a story uses them: whichever of Bash, Glob, Read and Write the run offers."""

import base64
import re
import shlex
from collections.abc import Generator
from dataclasses import dataclass

from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.reply import Call

MOST_FILES = 200
_LISTING = f"find . -path ./output -prune -o -type f -exec cksum {{}} + 2>/dev/null | sort -k3 | head -n {MOST_FILES}"
_LISTED = re.compile(r"(\d+) (\d+) \./(.+)")
_NUMBERED = re.compile(r"^\s*\d+[\t→]", re.M)
_REMARKS = re.compile(r"<system-reminder>.*?</system-reminder>", re.S)


@dataclass(frozen=True)
class File:
    """`mark` changes with the content.  Glob tells neither; then both are empty."""

    bytes: int | None = None
    mark: str = ""


Listing = dict[str, File]
"""The files of the workspace outside `output/`, by relative path."""


def able(conversation: Conversation) -> bool:
    """Whether there are tools enough to read and to write."""
    return "Bash" in conversation.tools or {"Read", "Write"} <= conversation.tools


def listing(c: Conversation, saying: str) -> Generator[Call, Step, Listing]:
    """The files of the workspace."""
    if "Bash" in c.tools:
        step = yield Call("Bash", {"command": _LISTING, "description": "List the files of the workspace"}, saying)
        return {path: File(int(size), mark) for mark, size, path in _LISTED.findall(step.output)}
    if "Glob" in c.tools:
        step = yield Call("Glob", {"pattern": "**/*"}, saying)
        paths = [
            line.removeprefix(c.folder).lstrip("/") for line in step.output.splitlines() if "/" in line or "." in line
        ]
        kept = [path for path in paths if not path.startswith(("output/", "No files"))]
        return dict.fromkeys(kept[:MOST_FILES], File())
    return {}


def read(c: Conversation, path: str, saying: str = "") -> Generator[Call, Step, str | None]:
    """The text of a file, None when it cannot be read."""
    if "Read" in c.tools:
        step = yield Call("Read", {"file_path": f"{c.folder}/{path}"}, saying)
        text = _NUMBERED.sub("", _REMARKS.sub("", step.output))
    else:
        command = f"cat -- {shlex.quote(path)}"
        step = yield Call("Bash", {"command": command, "description": f"Read {path}"}, saying)
        text = step.output
    return None if step.failed else text


def write(c: Conversation, path: str, text: str, saying: str = "") -> Generator[Call, Step, str | None]:
    """Write a file; the error if that failed.  A file that exists must have been read before it is written over."""
    if "Write" not in c.tools:
        body = base64.b64encode(text.encode()).decode()
        quoted = shlex.quote(path)
        command = f'mkdir -p -- "$(dirname -- {quoted})" && printf %s {body} | base64 -d > {quoted}'
        step = yield Call("Bash", {"command": command, "description": f"Write {path}"}, saying)
        return step.output if step.failed else None
    call = Call("Write", {"file_path": f"{c.folder}/{path}", "content": text}, saying)
    step = yield call
    if step.failed and "Read" in c.tools and "read" in step.output.lower():
        yield from read(c, path)
        step = yield call
    return step.output if step.failed else None
