"""Everything the platform holds of somebody, as one zip: documents as JSON lines, agents as files, bodies as they are.

Left out is what only lets somebody in or has no meaning elsewhere: sessions, keys, sealed secrets, digests.
"""

import io
import json
import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.audit import Act, AuditEntry
from ohmyagent.domain.conversations import Conversation
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.uploads import Upload
from ohmyagent.ports import Files, Store
from ohmyagent.records.holdings import AGENTS, AUDIT, CONVERSATIONS, ERASED, EXECUTIONS, Holding
from ohmyagent.use_cases import designing, keeping, uploading

HIDDEN = frozenset({"sealed", "keys", "lease", "epoch", "nonce", "handle", "place"})
"""Fields that are not exported, and all whose name ends with `Digest`.  A mail's place may be a link that acts."""
PIECE = 2**16
README = """이 압축 파일에는 Oh My Agent가 보관하던 회원님의 자료가 모두 들어 있습니다.
This archive holds everything that Oh My Agent kept of you.

profile.json            who you are / 프로필
agents/NAME/agent.md    each agent as a file / 에이전트
agents/NAME/workspace/  its files between runs / 작업 폴더
executions/ID/          log, result and artifacts of each run / 실행 기록
conversations/ID.jsonl  what was said, event by event / 대화
uploads/ID/             files given to conversations / 올린 파일
data/NAME.jsonl         every document, one a line / 모든 문서

Sealed secrets, sessions and keys are left out: they only let somebody in. / 비밀 값과 키는 들어 있지 않습니다.
"""


def note(store: Store, user: User, now: datetime) -> None:
    """Tell the audit log that somebody takes everything along."""
    entry = AuditEntry.made(Act.EXPORTED, user.id, now, user_id=user.id)
    records.audit.create(store, entry.id, entry)


def archive(store: Store, files: Files, user: User) -> Generator[bytes]:
    """The archive, piece by piece as it is made; what is deleted meanwhile is left out.

    At no time is more of it held than one document's text and a piece.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for _ in _written(made, store, files, user):
            if sink.waiting >= PIECE:
                yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Written to by the archive, which cannot go back in it; emptied by whoever sends it on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self.waiting += len(part)
        return len(part)

    def taken(self) -> bytes:
        parts, self._parts, self.waiting = self._parts, [], 0
        return b"".join(parts)


Steps = Iterator[None]
"""Writes into the archive, with a stop after each piece."""


def _written(made: zipfile.ZipFile, store: Store, files: Files, user: User) -> Steps:
    made.writestr("README.txt", README)
    made.writestr("profile.json", _json(user.document(), indent=2))
    for holding in (*ERASED, AUDIT):
        if not holding.secret:
            yield from _entry(made, f"data/{holding.name}.jsonl", _lines(store, holding, user))
    for agent in AGENTS.all_of(store, user.id):
        assert isinstance(agent, Agent)
        yield from _agent(made, store, files, user, agent)
    for run in EXECUTIONS.all_of(store, user.id):
        assert isinstance(run, Execution)
        yield from _execution(made, store, files, run)
    yield from _talks(made, store, files, user)


def _entry(made: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> Steps:
    with made.open(name, "w", force_zip64=True) as target:
        for part in parts:
            target.write(part)
            yield


def _lines(store: Store, holding: Holding, user: User) -> Iterator[bytes]:
    for record in holding.all_of(store, user.id):
        yield f"{_json(_shown(record.document()))}\n".encode()


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if name not in HIDDEN and not name.endswith("Digest")}
        return {name: _shown(item) for name, item in kept.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _agent(made: zipfile.ZipFile, store: Store, files: Files, user: User, agent: Agent) -> Steps:
    folder = f"agents/{agent.slug}" if agent.deleted_at is None else f"agents/deleted-{agent.id}"
    with suppress(NotFound):
        made.writestr(f"{folder}/agent.md", designing.exported(store, user, agent.id))
    manifest = records.workspaces.find(store, agent.id)
    for file in manifest.files if manifest else ():
        key = keeping.body_key(user.id, agent.id, file.sha256)
        yield from _body(made, files, f"{folder}/workspace/{file.path}", key)


def _execution(made: zipfile.ZipFile, store: Store, files: Files, run: Execution) -> Steps:
    folder = f"executions/{run.id}"
    if run.result is not None:
        made.writestr(f"{folder}/result.txt", run.result)
    if run.last_seq:
        events = (event for batch in _all(records.batches(run.id), store) for event in batch.events)
        yield from _entry(made, f"{folder}/log.jsonl", (f"{_json(event)}\n".encode() for event in events))
    for file in run.artifacts:
        key = keeping.body_key(run.user_id, run.agent_id, file.sha256)
        yield from _body(made, files, f"{folder}/artifacts/{file.path}", key)


def _talks(made: zipfile.ZipFile, store: Store, files: Files, user: User) -> Steps:
    for conversation in CONVERSATIONS.all_of(store, user.id):
        assert isinstance(conversation, Conversation)
        lines = (line for batch in _all(records.chat_batches(conversation.id), store) for line in batch.lines)
        yield from _entry(made, f"conversations/{conversation.id}.jsonl", (f"{line}\n".encode() for line in lines))
    for upload in Holding(records.uploads).all_of(store, user.id):
        assert isinstance(upload, Upload)
        yield from _body(made, files, f"uploads/{upload.id}/{upload.path}", uploading.body_key(upload))


def _all(collection: records.Collection[Any], store: Store) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        page, cursor = collection.page(store, oldest="fromSeq", limit=100, after=cursor)
        yield from page
        if cursor is None:
            return


def _body(made: zipfile.ZipFile, files: Files, name: str, key: str) -> Steps:
    with suppress(NotFound), files.open(key) as chunks:
        yield from _entry(made, name, chunks)


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_instant)


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
