"""What the agent leaves as its result: a text to read, and beside it what kind of result that is.

The CLI asks the model for the kind by a tool of its own, and once more in words when the model ends without it.
Shapes and cases are those of CLI 2.1.327 with `--json-schema`.
"""

from __future__ import annotations

import json
from typing import Any

TOOL = "StructuredOutput"
REMINDER = "[structured-output-enforce]"
KINDS = {
    "done": "all of it",
    "partial": "a part of it",
    "nothing_new": "looked for news or changes, found none",
    "blocked": "kept from it by a missing host, file, right or answer",
}
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": list(KINDS), "description": "; ".join(f"{kind}: {why}" for kind, why in KINDS.items())},
            "summary": {"type": "string"},
        },
        "required": ["kind"],
        "additionalProperties": False,
    }
)


class Answer:
    """The last words after the last work.  What is said when only the kind was asked for does not replace them."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.last: str | None = None
        self.reminded = False

    def said(self, text: str) -> None:
        self.last = self.last if self.finished else text
        self.text = self.text if self.finished else text

    def worked(self) -> None:
        """A tool was used: what was said before it was no result."""
        self.text, self.reminded = None, False

    def heard(self, text: str) -> None:
        """Words of the CLI to the model."""
        self.reminded = self.reminded or text.startswith(REMINDER)

    @property
    def finished(self) -> bool:
        """The agent had ended with words, and was then asked for their kind."""
        return self.reminded and self.text is not None

    def result(self, structured: Any) -> str | None:
        """The text to read: last words, else the summary that came with the kind, else whatever was said last."""
        summary = structured.get("summary") if isinstance(structured, dict) else None
        return self.text or (summary if isinstance(summary, str) and summary.strip() else None) or self.last
