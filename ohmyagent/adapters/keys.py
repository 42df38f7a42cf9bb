"""The keys of files: the same refusals on every target."""

import re

from ohmyagent.domain.errors import Invalid

_KEY = re.compile(r"(?=.{1,512}$)(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200}(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,200})*")


def check_key(key: str) -> None:
    """Raises Invalid for the field `key`."""
    if not _KEY.fullmatch(key):
        raise Invalid.of("key", "is not the key of a file")
