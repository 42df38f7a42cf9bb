"""Where the platform is, and the key to speak to it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ohmyagent.cli import words
from ohmyagent.cli.problems import NotRunning, Usage
from ohmyagent.settings import Caller


@dataclass(frozen=True)
class Place:
    """An address and an API key.  `pid` is that of the platform on this machine."""

    url: str
    key: str
    pid: int | None = None


def find(caller: Caller, data: Path) -> Place:
    """The platform that OMA_URL names, else the one that works on the data folder.

    Raises Usage when the key is missing, NotRunning when there is none on this machine.
    """
    if caller.url is not None:
        if caller.api_key is None:
            raise Usage(words.KEY_MISSING())
        return Place(caller.url, caller.api_key)
    place = local(data)
    if place is None:
        raise NotRunning()
    return Place(place.url, caller.api_key or place.key, place.pid)


def local(data: Path) -> Place | None:
    """What `oma up` left in the data folder, if that platform still lives."""
    try:
        address = json.loads((data / "address").read_text(encoding="utf-8"))
        key = (data / "owner-key").read_text(encoding="utf-8").strip()
        place = Place(str(address["url"]), key, int(address["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return place if place.pid and _alive(place.pid) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
