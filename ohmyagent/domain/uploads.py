"""Files that people give to a conversation: what may be given, and what is known of it."""

import io
import zipfile
from typing import Annotated

from pydantic import Field

from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Line

MOST_BYTES = 20 * 2**20
MOST_UPLOADS = 100
"""Of one person, waiting to be used or used by a conversation that is still there."""
MOST_TOGETHER = 200 * 2**20
"""Bytes of all of them."""
EXCERPT_LENGTH = 4_000

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, PLAIN, MARKDOWN, JSON = "text/csv", "text/plain", "text/markdown", "application/json"
_TEXTS = {"csv": CSV, "tsv": "text/tab-separated-values", "md": MARKDOWN, "json": JSON}
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


class Upload(Record):
    """A file of somebody's.  `excerpt` is its beginning as text, None for what has none or could not be read.

    `path` is the name it gets in a workspace.  The body is in Files under its digest.
    """

    id: str
    user_id: str
    name: Annotated[Line, Field(min_length=1, max_length=200)]
    media_type: str
    bytes: int
    sha256: str
    excerpt: str | None
    created_at: Instant

    @property
    def path(self) -> str:
        return self.name.replace("/", "_").replace("\\", "_").lstrip(".") or "file"


def media_type(name: str, body: bytes) -> str:
    """What the content is, whatever the name says; raises Invalid for the field `file` when it is nothing we take."""
    if body.startswith(b"%PDF-"):
        return PDF
    if body.startswith(b"PK\x03\x04"):
        return _office(body)
    image = next((kind for magic, kind in _IMAGES if body.startswith(magic)), None)
    if image is None and body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        image = "image/webp"
    if image:
        return image
    if text_of(body) is None:
        raise _refused()
    return _TEXTS.get(name.rpartition(".")[2].casefold(), PLAIN)


def text_of(body: bytes) -> str | None:
    """The text in UTF-8, UTF-16 with its mark, or the code page of Korean Windows; None if it is no text."""
    encodings = ("utf-16",) if body.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp949")
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _office(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if "xl/workbook.xml" in archive.NameToInfo:
                return XLSX
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        pass
    raise _refused()


def _refused() -> Invalid:
    return Invalid.of("file", "must be a PDF, an xlsx, a csv, a text or an image (PNG, JPEG, GIF, WebP)")
