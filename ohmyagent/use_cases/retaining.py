"""Nothing is kept for longer than it should be: what has expired, agents deleted long ago, runs beyond the plan's days.

A round does a little and may be cut off anywhere; the next one finds what is left.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.agents import KEPT_AFTER_DELETION, Agent
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.platform import Platform
from ohmyagent.ports import Files, Store, Where
from ohmyagent.records import Collection
from ohmyagent.records.holdings import AGENTS, EXECUTIONS, VERSIONS, Holding
from ohmyagent.use_cases import erasing, keeping, planning

log = structlog.get_logger()

PAGE = 100
USERS = 50
CURSOR = "retention"
EVERY = timedelta(hours=6)
"""Between two passes over all users."""
UNREACHABLE = timedelta(days=37)
"""A guest's session lasts 30 days at the most; a week later nobody can come back as that guest."""
EXPIRING: tuple[tuple[Collection[Any], str, timedelta], ...] = (
    (records.sessions, "expiresAt", timedelta(0)),
    (records.signin_codes, "expiresAt", timedelta(0)),
    (records.tickets, "expiresAt", timedelta(0)),
    (records.launches, "createdAt", timedelta(days=30)),
    (records.waves, "createdAt", timedelta(days=30)),
    (records.dead_tasks, "at", timedelta(days=30)),
    (records.erasures, "finishedAt", timedelta(days=365)),
)
"""Gone so long after that field's instant, whosever they are."""
AGED: tuple[Holding, ...] = (Holding(records.deliveries), Holding(records.outbox))
"""A user's own that goes with the age of runs, by `createdAt`."""


def round(store: Store, files: Files, now: datetime) -> int:
    """Delete what is due; returns how many documents."""
    count = sum(_expired(store, collection, field, now - age) for collection, field, age in EXPIRING)
    count += sum(purge(store, files, agent) for agent in _long_deleted(store, now))
    count += _users(store, files, now)
    if count:
        log.info("kept no longer", documents=count)
    return count


def _expired(store: Store, collection: Collection[Any], field: str, before: datetime) -> int:
    found, _ = collection.page(store, Where(field, "<", before), oldest=field, limit=PAGE)
    for record in found:
        collection.delete(store, record.id)
    return len(found)


def _long_deleted(store: Store, now: datetime) -> list[Agent]:
    before = Where("deletedAt", "<", now - KEPT_AFTER_DELETION)
    found, _ = records.agents.page(store, before, oldest="deletedAt", limit=10)
    return [agent for agent in found if agent.active_execution_id is None]


def purge(store: Store, files: Files, agent: Agent) -> int:
    """The agent with all that belongs to it: secrets, hooks, deliveries, runs, versions, workspace, files."""
    mine = Where("agentId", "==", agent.id), Where("userId", "==", agent.user_id)
    count = 0
    while found := records.executions.page(store, *mine, newest="createdAt", limit=PAGE)[0]:
        count += sum(_forget(store, run) for run in found)
    for holding, order in ((Holding(records.deliveries), "createdAt"), (VERSIONS, "version")):
        while some := holding.collection.page(store, *mine, newest=order, limit=PAGE)[0]:
            count += sum(holding.delete(store, record) for record in some)
    while hooks := records.hooks.page(store, mine[0], oldest="createdAt", limit=PAGE)[0]:
        count += sum(Holding(records.hooks).delete(store, hook) for hook in hooks)
    for holding in (Holding(records.talks), Holding(records.outbox), Holding(records.drafts)):
        while some := holding.collection.page(store, mine[0], limit=PAGE)[0]:
            count += sum(holding.delete(store, record) for record in some)
    records.webhook_secrets.delete(store, agent.id)
    records.workspaces.delete(store, agent.id)
    for key in files.listed(f"agents/{agent.user_id}/{agent.id}/"):
        files.delete(key)
    return count + AGENTS.delete(store, agent)


def _users(store: Store, files: Files, now: datetime) -> int:
    """The next users of a pass over all of them."""
    at = records.platform.find(store, CURSOR) or Platform()
    if at.tended_until is None and at.tended_at is not None and now - at.tended_at < EVERY:
        return 0
    found, cursor = records.users.page(store, newest="createdAt", limit=USERS, after=at.tended_until)
    count = sum(_tended(store, files, user, now) for user in found)
    records.platform.put(store, CURSOR, at.replace(tended_until=cursor, tended_at=now))
    return count


def _tended(store: Store, files: Files, user: User, now: datetime) -> int:
    if user.deleted_at is not None:
        return 0
    if _unreachable(store, user, now):
        erasing.ask(store, user, now)
        return 0
    days = planning.plan_of(store, user).kept_days
    return 0 if days is None else _outdated(store, files, user, now - timedelta(days=days))


def _unreachable(store: Store, user: User, now: datetime) -> bool:
    """A guest without a session or a key, whom nobody can be any more."""
    if user.kind is not UserKind.GUEST or user.moved_to is not None or now - user.created_at < UNREACHABLE:
        return False
    ways = (records.sessions, records.api_keys, records.signin_codes)
    return not any(way.page(store, Where("userId", "==", user.id), limit=1)[0] for way in ways)


def _outdated(store: Store, files: Files, user: User, before: datetime) -> int:
    """The user's runs, mails and deliveries made before that instant, and bodies that nothing names any more."""
    old = Where("userId", "==", user.id), Where("createdAt", "<", before)
    count = 0
    for holding in AGED:
        found, _ = holding.collection.page(store, *old, oldest="createdAt", limit=PAGE)
        done = [one for one in found if getattr(one, "ended_at", before) is not None]
        count += sum(holding.delete(store, one) for one in done)
    runs, _ = records.executions.page(store, *old, oldest="createdAt", limit=PAGE)
    for agent_id in dict.fromkeys(run.agent_id for run in runs):
        agent = records.agents.find(store, agent_id)
        if agent is not None and agent.active_execution_id is not None:
            continue  # its run may have been told that a body is here already
        ended = [run for run in runs if run.agent_id == agent_id and run.ended]
        count += sum(_forget(store, run) for run in ended)
        _drop_bodies(store, files, user.id, agent_id, {file.sha256 for run in ended for file in run.artifacts})
    return count


def _forget(store: Store, run: Execution) -> int:
    records.inputs.delete(store, run.id)
    records.ledgers.delete(store, run.id)
    erasing.delete_launch(store, run)
    return EXECUTIONS.delete(store, run)


def _drop_bodies(store: Store, files: Files, user_id: str, agent_id: str, candidates: set[str]) -> None:
    """Delete those bodies of an agent that neither its workspace nor a run nor a conversation names."""
    if not candidates:
        return
    for sha256 in candidates - set(_named(store, user_id, agent_id)):
        files.delete(keeping.body_key(user_id, agent_id, sha256))


def _named(store: Store, user_id: str, agent_id: str) -> Iterable[str]:
    manifest = records.workspaces.find(store, agent_id)
    yield from (file.sha256 for file in manifest.files) if manifest else ()
    for talk in records.talks.page(store, Where("agentId", "==", agent_id), limit=1_000)[0]:
        yield from (talk.record.sha256,) if talk.record else ()
    cursor: str | None = None
    while True:
        mine = Where("agentId", "==", agent_id), Where("userId", "==", user_id)
        runs, cursor = records.executions.page(store, *mine, newest="createdAt", limit=PAGE, after=cursor)
        yield from (file.sha256 for run in runs for file in run.artifacts)
        if cursor is None:
            return
