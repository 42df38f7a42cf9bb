"""Secrets in an answer, overwritten as it passes: a server that echoes what it was sent must not hand them in."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Shorter texts are left alone: they would be found where nobody put them.  No secret is shorter."""


class Mask:
    """Texts of any size in pieces of any size.  What is covered keeps its length, so that lengths announced stay true.

    Found are the secrets as they are and as common encodings write them.  A server that hands one back in another form
    (reversed, split, encrypted) is not stopped by this: a secret is only as safe as the hosts that it is for.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._forms = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if forms else None
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What may be passed on by now; a tail that could be the beginning of a secret is held back."""
        if self._pattern is None:
            return piece
        data = self.whole(self._held + piece)
        begin = self._undecided(data)
        self._held = data[begin:]
        return data[:begin]

    def rest(self) -> bytes:
        """What was held back, at the end."""
        held, self._held = self._held, b""
        return held

    def whole(self, text: bytes) -> bytes:
        """A text in one piece."""
        if self._pattern is None or not any(form in text for form in self._forms):  # a search is cheaper than a match
            return text
        return self._pattern.sub(lambda found: b"*" * len(found[0]), text)

    def _undecided(self, data: bytes) -> int:
        """Where the longest tail begins that is the beginning of a secret."""
        begin = len(data)
        for form in self._forms:
            at = data.find(form[:1], max(0, len(data) - len(form) + 1), begin)
            while at >= 0 and not form.startswith(data[at:]):
                at = data.find(form[:1], at + 1, begin)
            begin = at if at >= 0 else begin
        return begin


def _forms(secret: str) -> Iterator[bytes]:
    """How a secret may be written: as it is, in addresses, in JSON, in HTML, in hexadecimal and in base64."""
    raw = secret.encode()
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    escaped = json.dumps(secret)[1:-1]
    texts = {secret} | quoted | {re.sub("%..", lambda found: found[0].lower(), text) for text in quoted}
    texts |= {escaped, escaped.replace("/", "\\/"), html.escape(secret), html.escape(secret, quote=False)}
    texts |= {raw.hex(), raw.hex().upper()}
    yield from (text.encode() for text in texts)
    for plain in _base64_inside(raw):
        yield plain
        yield plain.translate(bytes.maketrans(b"+/", b"-_"))


def _base64_inside(raw: bytes) -> Iterator[bytes]:
    """The letters that depend on `raw` alone when it stands somewhere in a longer text that is written in base64."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw)
        yield encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
