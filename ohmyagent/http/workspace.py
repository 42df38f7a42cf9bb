"""/api/agents/{id}/files: what an agent keeps between runs."""

from flask import Blueprint, Response
from werkzeug.datastructures import FileStorage

from ohmyagent.http import bodies
from ohmyagent.http.answers import BINARY, answer, attachment, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.views import FileView, Listing
from ohmyagent.use_cases import keeping

bp = Blueprint("workspace", __name__, url_prefix="/api/agents/<id:agent_id>/files")

FORM_BYTES = 2**20
"""For the form around a file."""
LIMIT = keeping.MOST_UPLOAD_BYTES + FORM_BYTES


class FileList(Listing[FileView]):
    """Every file, by path."""


@bp.get("")
@operation("List the files of an agent's workspace", answers={200: FileList}, problems=(404,))
def listing(agent_id: str) -> Response:
    manifest = keeping.listing(app().store, user(), agent_id, app().now())
    return answer(FileList.model_construct(items=tuple(map(FileView.shown, manifest.files)), next_cursor=None))


@bp.post("")
@operation(
    "Put a file into an agent's workspace",
    takes={bodies.MULTIPART: bodies.FILE_FORM_WITH_PATH}, answers={201: FileView}, problems=(404, 409), limit=LIMIT,
)  # fmt: skip
def upload(agent_id: str) -> Response:
    file, path = bodies.one_file("path")
    return _kept(agent_id, file, path if path is not None else (file.filename or ""))


@bp.post("/<path:path>")
@operation(
    "Put a file into an agent's workspace at a path",
    takes={bodies.MULTIPART: bodies.FILE_FORM}, answers={201: FileView}, problems=(404, 409), limit=LIMIT,
)  # fmt: skip
def upload_at(agent_id: str, path: str) -> Response:
    file, _ = bodies.one_file()
    return _kept(agent_id, file, path)


@bp.get("/<path:path>")
@operation("Download a file of an agent's workspace", answers={200: BINARY}, problems=(404,))
def download(agent_id: str, path: str) -> Response:
    file, body = keeping.open_file(app().store, app().files, user(), agent_id, path, app().now())
    return attachment(file.path.rpartition("/")[2], body, file.bytes)


@bp.delete("/<path:path>")
@operation("Delete a file of an agent's workspace", answers={204: None}, problems=(404, 409))
def delete(agent_id: str, path: str) -> Response:
    keeping.remove(app().store, user(), agent_id, path, app().now())
    return nothing()


def _kept(agent_id: str, file: FileStorage, path: str) -> Response:
    kept = keeping.upload(app().store, app().files, user(), agent_id, path, file.read(), app().now())
    return answer(FileView.shown(kept), 201)
