"""The terminal: data on stdout, progress on stderr, nothing in it that could steer the terminal."""

import json
import re
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NOT_ESCAPED_BY_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029]")

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def clean(text: str) -> str:
    """Text of an agent or a file: control characters, which could move the cursor or hide words, become `�`."""
    return _STEERING.sub("�", text.replace("\r\n", "\n"))


def row(console: Console, text: Text) -> None:
    """A line of a log: wrapped or cut on a terminal as it asks for, whole in a pipe."""
    if console.is_terminal:
        console.print(text, no_wrap=text.no_wrap, overflow=text.overflow)  # print() forgets what the text itself says
    else:
        console.print(text, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Progress for a person."""
    row(err, Text(clean(text), style=style))


def tell(text: str, style: str = "") -> None:
    """Data for a person."""
    out.print(Text(clean(text), style=style), soft_wrap=True)


def data(value: Any) -> None:
    """Data for a program: one line of JSON."""
    line = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    line = _NOT_ESCAPED_BY_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
    sys.stdout.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
    sys.stdout.flush()


def raw(text: str) -> None:
    """Data as it is, into a pipe or a file; made harmless on a terminal."""
    sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()
