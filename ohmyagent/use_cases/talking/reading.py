"""Conversations as their owner sees them, and their erasure."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import Conversation
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.permissions import Action, may
from ohmyagent.ports import Files, Store, Transaction, Where
from ohmyagent.use_cases import uploading
from ohmyagent.use_cases.talking.events import last_seq


def find(documents: records.Documents, user: User, conversation_id: str) -> Conversation:
    """The user's conversation; raises NotFound for another's, an unknown and a deleted one."""
    conversation = records.conversations.find(documents, conversation_id)
    if conversation is None or not may(user, Action.SEE, conversation) or conversation.deleted_at is not None:
        raise NotFound()
    return conversation


def page(
    store: Store, user: User, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Conversation], str | None]:
    """The user's conversations, the one last talked in first."""
    where = (Where("userId", "==", user.id), Where("deletedAt", "==", None))
    return records.conversations.page(store, *where, newest="updatedAt", limit=limit, after=cursor)


def shown(store: Store, conversation: Conversation) -> Conversation:
    """With the seq it really has by now."""
    return conversation.replace(last_seq=last_seq(store, conversation.id))


def delete(store: Store, files: Files, user: User, conversation_id: str, now: datetime) -> None:
    """Out of sight at once, and erased as soon as no turn is under way.  Deleting it again changes nothing."""

    def work(tx: Transaction) -> None:
        conversation = records.conversations.find(tx, conversation_id)
        if conversation is None or not may(user, Action.CHANGE, conversation):
            raise NotFound()
        if conversation.deleted_at is not None:
            return
        turn = records.turns.find(tx, conversation.turn) if conversation.turn else None
        records.conversations.put(tx, conversation.id, conversation.replace(deleted_at=now))
        if turn is not None and not turn.ended:
            records.turns.put(tx, turn.id, turn.stopping(now))

    store.transact(work)
    erase(store, files, conversation_id)


def erase(store: Store, files: Files, conversation_id: str) -> bool:
    """Remove what was said and given in a deleted conversation; False while its turn is under way.

    The turns stay without their text: money was spent on them, and no message may start one twice.
    """
    conversation = records.conversations.find(store, conversation_id)
    if conversation is None or conversation.deleted_at is None or conversation.turn is not None:
        return False
    _erase_turns(store, files, conversation_id)
    batches = records.chat_batches(conversation_id)
    while True:
        found, _ = batches.page(store, oldest="lastSeq", limit=100)
        for batch in found:
            batches.delete(store, f"{batch.from_seq:09d}")
        if not found:
            break
    records.drafts.delete(store, conversation_id)
    records.talks.delete(store, conversation_id)
    records.conversations.delete(store, conversation_id)
    return True


def erase_deleted(store: Store, files: Files, limit: int = 20) -> int:
    """Erase what was deleted while a turn was under way, or when the platform died over it."""
    found, _ = records.conversations.page(
        store, Where("deletedAt", ">", datetime.fromisoformat("2020-01-01T00:00:00+00:00")), oldest="deletedAt",
        limit=limit,
    )  # fmt: skip
    return sum(erase(store, files, conversation.id) for conversation in found)


def _erase_turns(store: Store, files: Files, conversation_id: str) -> None:
    cursor: str | None = None
    while True:
        found, cursor = records.turns.page(
            store, Where("conversationId", "==", conversation_id), limit=100, after=cursor
        )
        for turn in found:
            for file in turn.files:
                _erase_upload(store, files, file.id)
            records.turns.put(store, turn.id, turn.replace(text="", files=()))
        if cursor is None:
            return


def _erase_upload(store: Store, files: Files, upload_id: str) -> None:
    upload = records.uploads.find(store, upload_id)
    if upload is not None:
        records.uploads.delete(store, upload_id)
        files.delete(uploading.body_key(upload))
