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


GOOGLE_BUTTON = {
    "script-src 'self'": "script-src 'self' https://accounts.google.com/gsi/client",
    "style-src 'self'": "style-src 'self' https://accounts.google.com/gsi/style",
    "connect-src 'self'": "connect-src 'self' https://accounts.google.com/gsi/",
    "trusted-types dompurify": "trusted-types *; frame-src https://accounts.google.com/gsi/",
}
"""What Google's button needs of the page's policy; its script's names of trusted types are not documented.

Source: https://developers.google.com/identity/gsi/web/guides/get-google-api-clientid#content_security_policy
"""


def with_google_button(name: str, value: str) -> str:
    """A header of the page, as it is where there is Google's button: its popup must be able to answer the page."""
    if name.lower() == "cross-origin-opener-policy":
        return "same-origin-allow-popups"
    if name.lower() == "content-security-policy":
        for narrow, wide in GOOGLE_BUTTON.items():
            value = value.replace(narrow, wide)
    return value
