"""Files given to a conversation: kept with an excerpt, later moved into the workspace of the agent that was made."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain import uploads
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import Invalid, NotFound, TooLarge
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import new_id
from ohmyagent.domain.uploads import EXCERPT_LENGTH, MOST_BYTES, MOST_TOGETHER, MOST_UPLOADS, PDF, XLSX, Upload
from ohmyagent.ports import Files, Reader, Store, Where
from ohmyagent.use_cases import keeping

MOST_TURNS = 500
"""Of a conversation, in which files are looked for."""


def body_key(upload: Upload) -> str:
    return f"uploads/{upload.user_id}/{upload.id}/{upload.sha256}"


def keep(store: Store, files: Files, reader: Reader, user: User, name: str, body: bytes, now: datetime) -> Upload:
    """Keep a file; raises Invalid for what is empty, of no kind we take or badly named, TooLarge, and for too many."""
    if not body:
        raise Invalid.of("file", "is empty")
    if len(body) > MOST_BYTES:
        raise TooLarge("A file may have 20 MB at most.", korean="파일은 20 MB까지 올릴 수 있습니다.")
    kind = uploads.media_type(name, body)
    held, _ = records.uploads.page(store, Where("userId", "==", user.id), limit=MOST_UPLOADS)
    if len(held) >= MOST_UPLOADS:
        raise Invalid.of("file", f"is one too many: at most {MOST_UPLOADS} are kept; delete conversations or files")
    if sum(upload.bytes for upload in held) + len(body) > MOST_TOGETHER:
        raise Invalid.of("file", "is too much: 200 MB are kept in all; delete conversations or files")
    upload = Upload(
        id=new_id("f"), user_id=user.id, name=name, media_type=kind, bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(), excerpt=_excerpt(reader, kind, body), created_at=now,
    )  # fmt: skip
    files.write(body_key(upload), body)
    return records.uploads.create(store, upload.id, upload)


def find(documents: records.Documents, user: User, upload_id: str) -> Upload:
    """The user's file; raises NotFound."""
    found = records.uploads.find(documents, upload_id)
    if found is None or not may(user, Action.SEE, found):
        raise NotFound()
    return found


def given(documents: records.Documents, user: User, ids: Iterable[str]) -> tuple[Upload, ...]:
    """The files that a message names; raises Invalid for the field `files`."""
    try:
        return tuple(find(documents, user, id) for id in dict.fromkeys(ids))
    except NotFound:
        raise Invalid.of("files", "names a file that is not there") from None


def of_conversation(store: Store, user: User, conversation_id: str) -> tuple[Upload, ...]:
    """The files that came with the user's messages in a conversation and are still there, oldest first."""
    where = (Where("conversationId", "==", conversation_id), Where("userId", "==", user.id))
    turns, _ = records.turns.page(store, *where, limit=MOST_TURNS)
    ids = [file.id for turn in sorted(turns, key=lambda turn: turn.number) for file in turn.files]
    found = [records.uploads.find(store, id) for id in dict.fromkeys(ids)]
    return tuple(upload for upload in found if upload is not None and upload.user_id == user.id)


def delete(store: Store, files: Files, user: User, upload_id: str) -> None:
    upload = find(store, user, upload_id)
    records.uploads.delete(store, upload.id)
    files.delete(body_key(upload))


def move(store: Store, files: Files, user: User, ids: Iterable[str], agent_id: str, now: datetime) -> None:
    """Put the files into the agent's workspace; one that is gone was moved before, or deleted by its owner.

    Done twice it changes nothing.  Raises AgentRunning while a run uses the workspace, TooLarge beyond its quota.
    """
    for id in dict.fromkeys(ids):
        upload = records.uploads.find(store, id)
        if upload is None or not may(user, Action.CHANGE, upload):
            continue
        body = files.read(body_key(upload))
        keeping.upload(store, files, user, agent_id, upload.path, body, now)
        delete(store, files, user, id)


def hand_over(store: Store, files: Files, user: User, conversation_id: str, agent_id: str, now: datetime) -> None:
    """Put all files of a conversation into the workspace of the agent that it made; as `move` otherwise."""
    given = of_conversation(store, user, conversation_id)
    move(store, files, user, [upload.id for upload in given], agent_id, now)


def _excerpt(reader: Reader, kind: str, body: bytes) -> str | None:
    if kind in (PDF, XLSX):
        return reader.excerpt(body, kind, EXCERPT_LENGTH)
    text = None if kind.startswith("image/") else uploads.text_of(body)
    return None if text is None else text[:EXCERPT_LENGTH]
