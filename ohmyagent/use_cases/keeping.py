"""Files: an agent's workspace between runs, and what a run left behind.

A body is kept once per agent, under its digest; manifests say which paths have which content.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import Conflict, Invalid, NotFound, TooLarge
from ohmyagent.domain.executions import Execution, StoredFile
from ohmyagent.domain.runner import Upload, WorkspaceFile
from ohmyagent.domain.workspaces import Workspace, configures, normal_path
from ohmyagent.ports import Files, Store, Transaction
from ohmyagent.use_cases import designing

URL_LENGTH = timedelta(hours=2)
MOST_UPLOAD_BYTES = 20 * 2**20


def body_key(user_id: str, agent_id: str, sha256: str) -> str:
    return f"agents/{user_id}/{agent_id}/{sha256}"


def workspace(documents: records.Readable, user_id: str, agent_id: str, now: datetime) -> Workspace:
    """The agent's manifest, empty if it never kept a file."""
    found = records.workspaces.find(documents, agent_id)
    return found or Workspace(agent_id=agent_id, user_id=user_id, updated_at=now)


def listing(store: Store, user: User, agent_id: str, now: datetime) -> Workspace:
    designing.find(store, user, agent_id)
    return workspace(store, user.id, agent_id, now)


def upload(store: Store, files: Files, user: User, agent_id: str, path: str, body: bytes, now: datetime) -> StoredFile:
    """Put a file into the agent's workspace; raises AgentRunning while a run uses it, Invalid for a path, TooLarge."""
    if len(body) > MOST_UPLOAD_BYTES:
        raise TooLarge("A file may have 20 MB at most.", korean="파일은 20 MB까지 올릴 수 있습니다.")
    file = StoredFile(path=_path(path), bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
    designing.find(store, user, agent_id).idle()
    files.write(body_key(user.id, agent_id, file.sha256), body)

    def work(tx: Transaction) -> None:
        agent = designing.find(tx, user, agent_id).idle()
        manifest = workspace(tx, user.id, agent_id, now).written(file, now)
        records.workspaces.put(tx, agent_id, manifest)
        records.agents.put(tx, agent_id, agent)

    store.transact(work)
    return file


def remove(store: Store, user: User, agent_id: str, path: str, now: datetime) -> None:
    """Raises NotFound when there is no such file, AgentRunning while a run uses the workspace."""

    def work(tx: Transaction) -> None:
        agent = designing.find(tx, user, agent_id).idle()
        manifest = workspace(tx, user.id, agent_id, now)
        if manifest.file(path) is None:
            raise NotFound()
        records.workspaces.put(tx, agent_id, manifest.without(path, now))
        records.agents.put(tx, agent_id, agent)

    store.transact(work)


def open_file(
    store: Store, files: Files, user: User, agent_id: str, path: str, now: datetime
) -> tuple[StoredFile, AbstractContextManager[Iterator[bytes]]]:
    """A file of the workspace; raises NotFound."""
    file = listing(store, user, agent_id, now).file(path)
    if file is None:
        raise NotFound()
    return file, files.open(body_key(user.id, agent_id, file.sha256))


def open_artifact(
    files: Files, execution: Execution, path: str
) -> tuple[StoredFile, AbstractContextManager[Iterator[bytes]]]:
    """A file the run left; raises NotFound."""
    file = next((file for file in execution.artifacts if file.path == path), None)
    if file is None:
        raise NotFound()
    return file, files.open(body_key(execution.user_id, execution.agent_id, file.sha256))


def restored(files: Files, manifest: Workspace, now: datetime) -> tuple[WorkspaceFile, ...]:
    """The manifest with an address for each body."""
    key = body_key
    expires = now + URL_LENGTH
    return tuple(
        WorkspaceFile(
            **dict(file), url=files.download_url(key(manifest.user_id, manifest.agent_id, file.sha256), expires)
        )
        for file in manifest.files
    )


def missing(files: Files, execution: Execution, wanted: tuple[StoredFile, ...], now: datetime) -> tuple[Upload, ...]:
    """Where to put the bodies that are not here yet, each once."""
    uploads: dict[str, Upload] = {}
    for file in wanted:
        key = body_key(execution.user_id, execution.agent_id, file.sha256)
        if file.sha256 not in uploads and not files.exists(key):
            url = files.upload_url(key, file.bytes, now + URL_LENGTH)
            uploads[file.sha256] = Upload(sha256=file.sha256, url=url)
    return tuple(uploads.values())


def kept(files: Files, execution: Execution, claimed: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
    """What may be kept of what a runner reports: sound paths, no configuration; Conflict if a body is missing."""
    return bodies_here(files, execution, tuple(file for file in claimed if _is_sound(file.path)))


def bodies_here(files: Files, execution: Execution, claimed: tuple[StoredFile, ...]) -> tuple[StoredFile, ...]:
    """The same; Conflict if a body is missing."""
    for file in claimed:
        if not files.exists(body_key(execution.user_id, execution.agent_id, file.sha256)):
            raise Conflict(f"The body of {file.path} was not uploaded.")
    return claimed


def _is_sound(path: str) -> bool:
    try:
        return normal_path(path) == path and not configures(path)
    except ValueError:
        return False


def _path(text: str) -> str:
    try:
        path = normal_path(text)
    except ValueError as wrong:
        raise Invalid.of("path", str(wrong)) from None
    if configures(path):
        raise Invalid.of("path", "is a configuration file, which is never kept in a workspace")
    return path
