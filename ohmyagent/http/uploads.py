"""/api/uploads: files for a conversation."""

import unicodedata

from flask import Blueprint, Response

from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.uploads import MOST_BYTES, Upload
from ohmyagent.http import bodies
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.use_cases import uploading

bp = Blueprint("uploads", __name__, url_prefix="/api/uploads")

FORM_BYTES = 2**20
"""For the form around a file."""
LIMIT = MOST_BYTES + FORM_BYTES
LONGEST_NAME = 200


class UploadView(Record):
    """A kept file.  `excerpt` is the beginning of its text, null for an image or what could not be read."""

    id: str
    name: str
    media_type: str
    bytes: int
    excerpt: str | None
    created_at: Instant

    @classmethod
    def shown(cls, upload: Upload) -> "UploadView":
        return cls.model_construct(**{name: getattr(upload, name) for name in cls.model_fields})


@bp.post("")
@operation(
    "Keep a file for a conversation",
    takes={bodies.MULTIPART: bodies.FILE_FORM}, answers={201: UploadView}, limit=LIMIT,
)  # fmt: skip
def create() -> Response:
    file, _ = bodies.one_file()
    name = unicodedata.normalize("NFC", file.filename or "").strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid.of("file", f"must have a name of 1 to {LONGEST_NAME} characters that can be shown")
    kept = uploading.keep(app().store, app().files, app().reader, user(), name, file.read(), app().now())
    return answer(UploadView.shown(kept), 201)


@bp.delete("/<id:upload_id>")
@operation("Delete a file that was kept for a conversation", answers={204: None}, problems=(404,))
def delete(upload_id: str) -> Response:
    uploading.delete(app().store, app().files, user(), upload_id)
    return nothing()
