"""Agents as their owner shapes them: every change is a version, and the slug stays unique."""

from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain import agent_file
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import (
    Agent,
    AgentDraft,
    AgentStatus,
    AgentVersion,
    version_id,
)
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Invalid, KeyReused, NotFound
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import derived_id, digest, new_id
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import pausing, planning, scheduling, shelving
from ohmyagent.use_cases.shelving import Hold, Named
from ohmyagent.use_cases.ticking.changes import left_behind

KEPT_VERSIONS = 100
"""Of one agent: each may be as large as a megabyte, and saving is free."""


def create(
    store: Store,
    models: ModelTable,
    user: User,
    draft: AgentDraft,
    *,
    now: datetime,
    key: str | None = None,
    source: str | None = None,
) -> Agent:
    """A new agent.  The same `key` with the same draft is the same agent; with another it raises KeyReused.

    Raises Invalid for an unknown model or a schedule that cannot be kept, AlreadyExists for a slug in use, PlanLimit.
    """
    check(store, models, user, draft)
    body = digest(draft.model_dump_json() + (source or ""))
    agent_id = derived_id("a", user.id, "agents", key) if key else new_id("a")
    agent = Agent.designed(draft, id=agent_id, user_id=user.id, now=now).replace(request_digest=body)

    def work(tx: Transaction, hold: Hold) -> Agent:
        existing = records.agents.find(tx, agent.id)
        if existing is not None:
            if existing.request_digest != body:
                raise KeyReused()
            return existing
        return enter(tx, agent, source, now, hold)

    return planning.with_another_agent(store, user, work, Named(agent.slug))


def find(documents: records.Readable, user: User, agent_id: str, *, deleted: bool = False) -> Agent:
    """The user's agent; raises NotFound for another's, an unknown and (unless asked for) a deleted one."""
    agent = records.agents.find(documents, agent_id)
    if agent is None or not may(user, Action.SEE, agent) or (agent.deleted_at is not None and not deleted):
        raise NotFound()
    return agent


def page(
    store: Store,
    user: User,
    *,
    status: AgentStatus | None = None,
    tag: str | None = None,
    text: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Agent], str | None]:
    """The user's agents, newest first.  `text` is looked for in name, slug and description of each page."""
    where = [Where("userId", "==", user.id), Where("deletedAt", "==", None)]
    if status:
        where.append(Where("status", "==", status.value))
    if tag:
        where.append(Where("tags", "array_contains", tag))
    agents, cursor = records.agents.page(store, *where, newest="createdAt", limit=limit, after=cursor)
    wanted = (text or "").casefold()
    return [a for a in agents if wanted in f"{a.name} {a.slug} {a.description}".casefold()], cursor


def save(
    store: Store,
    models: ModelTable,
    user: User,
    agent_id: str,
    draft: AgentDraft,
    *,
    now: datetime,
    expected: int | None = None,
    source: str | None = None,
) -> Agent:
    """The next version; raises PreconditionFailed if `expected` is not the present one.

    Without a `source` of its own it keeps the present one's, for the keys that only the file knows.
    """
    check(store, models, user, draft)

    def work(tx: Transaction, hold: Hold) -> Agent:
        before = find(tx, user, agent_id).at_version(expected)
        # what is kept of a version never changes; the first may have to be written, which a glance does not allow
        seen = tx if before.version == 1 else records.Glance(tx)
        text = source or version(seen, before, before.version).source
        return rewrite(tx, before, before.redesigned(draft, now), text, now, hold)

    return shelving.transact(store, user.id, work)


def patched(agent: Agent, patch: dict[str, Any]) -> dict[str, Any]:
    """The agent's draft in JSON with a merge patch (RFC 7396) applied, not validated yet."""
    return merged(agent.draft.model_dump(mode="json"), patch)


def delete(store: Store, user: User, agent_id: str, *, now: datetime, expected: int | None = None) -> None:
    """Out of sight, for 30 days; its slug is free at once.  Deleting it again changes nothing."""

    def work(tx: Transaction) -> None:
        agent = find(tx, user, agent_id, deleted=True)
        if agent.deleted_at is not None:
            return
        deleted = agent.at_version(expected).deleted(now)
        _leave(tx, left_behind(tx, agent, deleted, now))
        records.agents.put(tx, agent.id, deleted)

    store.transact(work)


def restore(store: Store, user: User, agent_id: str, *, now: datetime) -> Agent:
    """Back, paused; under another slug if its own was taken meanwhile.  Raises PlanLimit."""

    def work(tx: Transaction, hold: Hold) -> Agent:
        agent = hold.named(find(tx, user, agent_id, deleted=True).restored(now))
        hold.add()
        return records.agents.put(tx, agent.id, agent)

    return planning.with_another_agent(store, user, work)


def versions(
    store: Store, user: User, agent_id: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[AgentVersion], str | None]:
    """Every version that is kept, newest first."""
    agent = find(store, user, agent_id)
    owned = (Where("agentId", "==", agent_id), Where("userId", "==", user.id))
    found, cursor = records.agent_versions.page(store, *owned, newest="version", limit=limit, after=cursor)
    return found or [version(store, agent, 1)] if agent.version == 1 else found, cursor


def rollback(store: Store, models: ModelTable, user: User, agent_id: str, number: int, *, now: datetime) -> Agent:
    """A new version that equals an old one that is kept, but for the slug and the status, which stay."""

    def work(tx: Transaction, hold: Hold) -> Agent:
        before = find(tx, user, agent_id)
        old = version(tx, before, number)
        draft = old.draft.replace(slug=before.slug, status=before.status)
        check(tx, models, user, draft)
        return rewrite(tx, before, before.redesigned(draft, now), old.source, now, hold)

    return shelving.transact(store, user.id, work)


def exported(store: Store, user: User, agent_id: str) -> str:
    """The agent file: as it was imported while it still says the same, else the canonical text."""
    agent = find(store, user, agent_id)
    return agent_file.render(agent.draft, version(store, agent, agent.version).source)


def imported(
    store: Store, models: ModelTable, user: User, text: str, *, now: datetime, key: str | None = None
) -> Agent:
    """A new agent from a file, paused; raises Invalid naming the key that is wrong."""
    draft = agent_file.parse(text).replace(status=AgentStatus.PAUSED)
    return create(store, models, user, draft, now=now, key=key, source=text)


def reimported(
    store: Store,
    models: ModelTable,
    user: User,
    agent_id: str,
    text: str,
    *,
    now: datetime,
    expected: int | None = None,
) -> Agent:
    """The next version, from a file; the status stays.  Raises Invalid, and PreconditionFailed as `save` does."""
    draft = agent_file.parse(text).replace(status=find(store, user, agent_id).status)
    return save(store, models, user, agent_id, draft, now=now, expected=expected, source=text)


def enter(tx: Transaction, agent: Agent, source: str | None, now: datetime, hold: Hold) -> Agent:
    """A new agent, counted and with a name of its own; raises AlreadyExists, PlanLimit."""
    hold.free(agent.slug)
    hold.add()
    if source is not None:
        _keep(tx, AgentVersion.of_agent(agent, source, now))
    return records.agents.create(tx, agent.id, agent)


def version(documents: records.Readable, agent: Agent, number: int) -> AgentVersion:
    """What the agent was at that version; raises NotFound."""
    found = records.agent_versions.find(documents, version_id(agent.id, number))
    if found is not None:
        return found
    if number == agent.version == 1:
        return AgentVersion.of_agent(agent, None, agent.created_at)
    raise NotFound()


def rewrite(tx: Transaction, before: Agent, after: Agent, source: str | None, now: datetime, hold: Hold) -> Agent:
    """The next version written, with all that a change leaves behind; it reads, so no write comes before it."""
    after = pausing.reviewed(tx, after, now)
    left = left_behind(tx, before, after, now)
    first = version(tx, before, 1) if before.version == 1 else None
    if after.slug != before.slug:
        hold.free(after.slug)
        hold.write()
    if first is not None:
        records.agent_versions.put(tx, first.id, first)
    _keep(tx, AgentVersion.of_agent(after, source, now))
    _leave(tx, left)
    return records.agents.put(tx, after.id, after)


def _leave(tx: Transaction, left: list[Execution]) -> None:
    for execution in left:
        records.executions.put(tx, execution.id, execution)


def _keep(tx: Transaction, entry: AgentVersion) -> None:
    records.agent_versions.create(tx, entry.id, entry)
    if entry.version > KEPT_VERSIONS:
        records.agent_versions.delete(tx, version_id(entry.agent_id, entry.version - KEPT_VERSIONS))


def check(documents: records.Documents, models: ModelTable, user: User, draft: AgentDraft) -> None:
    """Raises Invalid for what is valid by itself, but not on this platform or in this plan."""
    if models.find(draft.model) is None:
        known = ", ".join(dict.fromkeys(name for m in models.models for name in (*m.aliases, m.id)))
        raise Invalid.of("model", f"is not a model of this platform; there are {known}")
    if draft.schedule is not None:
        scheduling.check(draft.schedule, planning.plan_of(documents, user), within="schedule.")


def merged(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The target with a merge patch (RFC 7396) applied; null stays, for the caller to read as the default."""
    result = dict(target)
    for key, value in patch.items():
        before = result.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            result[key] = merged(before, value)
        else:
            result[key] = value
    return result
