"""Hooks: addresses at which other programs start an agent."""

import re
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Self

from pydantic import TypeAdapter

from ohmyagent.domain.errors import RateLimited
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.signatures import Keys
from ohmyagent.domain.text import Text

MOST_HOOKS = 10
MOST_BODY_BYTES = 256 * 1024
WINDOW = timedelta(minutes=1)
RUNS_IN_WINDOW = 30
BINARY = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\Z")
_PLAIN = TypeAdapter[str](Text)


class Hook(Record):
    """`windowStart` and `used` count the runs of the present minute."""

    id: str
    agent_id: str
    user_id: str
    keys: Keys
    created_at: Instant
    last_used_at: Instant | None = None
    window_start: Instant | None = None
    used: int = 0

    def used_at(self, now: datetime) -> Self:
        """With one more run counted; raises RateLimited when the minute has had its share."""
        if self.window_start is None or now >= self.window_start + WINDOW:
            return self.replace(window_start=now, used=1, last_used_at=now)
        if self.used >= RUNS_IN_WINDOW:
            raise RateLimited((self.window_start + WINDOW - now).total_seconds())
        return self.replace(used=self.used + 1, last_used_at=now)


def hook_context(user_id: str, agent_id: str, hook_id: str) -> str:
    """What a hook's keys are sealed for."""
    return f"hook/{user_id}/{agent_id}/{hook_id}"


def input_text(body: bytes, media_type: str) -> str | None:
    """The body as a run's input: as it is if it is plain UTF-8, else as one `data:` URL (RFC 2397); None if empty.

    Control characters make it no plain text, as no store and no terminal could be trusted with them.
    """
    if not body:
        return None
    try:
        return _PLAIN.validate_python(body.decode("utf-8"))
    except ValueError:
        kind = media_type if _MEDIA_TYPE.match(media_type) else BINARY
        return f"data:{kind};base64,{b64encode(body).decode('ascii')}"
