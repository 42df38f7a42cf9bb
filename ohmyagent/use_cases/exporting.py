"""Everything the platform holds of somebody, as one zip: documents as JSON lines, agents as files, bodies as they are.

Left out is what only lets somebody in or has no meaning elsewhere: sessions, keys, sealed secrets, digests.
"""

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import IO, Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.audit import Act, AuditEntry
from ohmyagent.domain.conversations import Conversation
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.executions import Execution, StoredFile
from ohmyagent.domain.uploads import Upload
from ohmyagent.ports import Files, Store
from ohmyagent.records.holdings import AGENTS, AUDIT, CONVERSATIONS, ERASED, EXECUTIONS, Holding
from ohmyagent.use_cases import designing, keeping, uploading

HIDDEN = frozenset({"sealed", "keys", "lease", "epoch", "nonce", "handle", "place"})
"""Fields that are not exported, and all whose name ends with `Digest`.  A mail's place may be a link that acts."""
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


def write(store: Store, files: Files, user: User, target: IO[bytes], now: datetime) -> None:
    """Write the archive; what is deleted meanwhile is left out.  The audit log says that it was made."""
    entry = AuditEntry.made(Act.EXPORTED, user.id, now, user_id=user.id)
    records.audit.create(store, entry.id, entry)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("profile.json", _json(user.document(), indent=2))
        for holding in (*ERASED, AUDIT):
            if not holding.secret:
                archive.writestr(f"data/{holding.name}.jsonl", "".join(_lines(store, holding, user)))
        for agent in AGENTS.all_of(store, user.id):
            assert isinstance(agent, Agent)
            _agent(archive, store, files, user, agent)
        for run in EXECUTIONS.all_of(store, user.id):
            assert isinstance(run, Execution)
            _execution(archive, store, files, run)
        _talks(archive, store, files, user)


def _lines(store: Store, holding: Holding, user: User) -> Iterator[str]:
    for record in holding.all_of(store, user.id):
        yield _json(_shown(record.document())) + "\n"


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if name not in HIDDEN and not name.endswith("Digest")}
        return {name: _shown(item) for name, item in kept.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _agent(archive: zipfile.ZipFile, store: Store, files: Files, user: User, agent: Agent) -> None:
    folder = f"agents/{agent.slug}" if agent.deleted_at is None else f"agents/deleted-{agent.id}"
    with suppress(NotFound):
        archive.writestr(f"{folder}/agent.md", designing.exported(store, user, agent.id))
    manifest = records.workspaces.find(store, agent.id)
    for file in manifest.files if manifest else ():
        _body(archive, files, f"{folder}/workspace/{file.path}", keeping.body_key(user.id, agent.id, file.sha256))


def _execution(archive: zipfile.ZipFile, store: Store, files: Files, run: Execution) -> None:
    folder = f"executions/{run.id}"
    if run.result is not None:
        archive.writestr(f"{folder}/result.txt", run.result)
    if run.last_seq:
        with archive.open(f"{folder}/log.jsonl", "w") as target:
            for batch in _all(records.batches(run.id), store):
                for event in batch.events:
                    target.write(f"{_json(event)}\n".encode())
    for file in run.artifacts:
        _artifact(archive, files, run, file)


def _artifact(archive: zipfile.ZipFile, files: Files, run: Execution, file: StoredFile) -> None:
    key = keeping.body_key(run.user_id, run.agent_id, file.sha256)
    _body(archive, files, f"executions/{run.id}/artifacts/{file.path}", key)


def _talks(archive: zipfile.ZipFile, store: Store, files: Files, user: User) -> None:
    for conversation in CONVERSATIONS.all_of(store, user.id):
        assert isinstance(conversation, Conversation)
        with archive.open(f"conversations/{conversation.id}.jsonl", "w") as target:
            for batch in _all(records.chat_batches(conversation.id), store):
                target.write("".join(f"{line}\n" for line in batch.lines).encode())
    for upload in Holding(records.uploads).all_of(store, user.id):
        assert isinstance(upload, Upload)
        _body(archive, files, f"uploads/{upload.id}/{upload.path}", uploading.body_key(upload))


def _all(collection: records.Collection[Any], store: Store) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        page, cursor = collection.page(store, oldest="fromSeq", limit=100, after=cursor)
        yield from page
        if cursor is None:
            return


def _body(archive: zipfile.ZipFile, files: Files, name: str, key: str) -> None:
    with suppress(NotFound), files.open(key) as chunks, archive.open(name, "w", force_zip64=True) as target:
        for chunk in chunks:
            target.write(chunk)


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_instant)


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
