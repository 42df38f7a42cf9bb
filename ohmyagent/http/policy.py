"""What every answer carries, whichever framework gives it.  Knows no web framework."""

import re

from ohmyagent.domain.text import new_id

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/=+-]{1,100}")
SECURITY_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
DOWNLOAD_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


def request_id_of(given: str | None) -> str:
    """The caller's X-Request-Id if it is sane, else one of our own."""
    return given if given is not None and REQUEST_ID.fullmatch(given) else new_id("r")
