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
    SlugLock,
    slug_id,
    version_id,
)
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import AlreadyExists, Invalid, KeyReused, NotFound
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import derived_id, digest, new_id
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import pausing, planning, scheduling
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

    def work(tx: Transaction, take: planning.Take) -> Agent:
        existing = records.agents.find(tx, agent.id)
        if existing is not None:
            if existing.request_digest != body:
                raise KeyReused()
            return existing
        return enter(tx, agent, source, now, take)

    return planning.with_another_agent(store, user, work)


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

    def work(tx: Transaction) -> Agent:
        before = find(tx, user, agent_id).at_version(expected)
        text = source or records.agent_versions.get(tx, version_id(before.id, before.version)).source
        return rewrite(tx, before, before.redesigned(draft, now), text, now)

    return store.transact(work)


def patched(agent: Agent, patch: dict[str, Any]) -> dict[str, Any]:
    """The agent's draft in JSON with a merge patch (RFC 7396) applied, not validated yet."""
    return merged(agent.draft.model_dump(mode="json"), patch)


def delete(store: Store, user: User, agent_id: str, *, now: datetime, expected: int | None = None) -> None:
    """Out of sight, for 30 days; its slug is free at once.  Deleting it again changes nothing."""

    def work(tx: Transaction) -> None:
        agent = find(tx, user, agent_id, deleted=True)
        if agent.deleted_at is not None:
            return
        lock = slug_id(user.id, agent.slug)
        held = records.slugs.find(tx, lock)
        deleted = agent.at_version(expected).deleted(now)
        _leave(tx, left_behind(tx, agent, deleted, now))
        records.agents.put(tx, agent.id, deleted)
        if held is not None and held.agent_id == agent.id:
            records.slugs.delete(tx, lock)

    store.transact(work)


def restore(store: Store, user: User, agent_id: str, *, now: datetime) -> Agent:
    """Back, paused; under another slug if its own was taken meanwhile.  Raises PlanLimit."""

    def work(tx: Transaction, take: planning.Take) -> Agent:
        agent = find(tx, user, agent_id, deleted=True).restored(now)
        held = records.slugs.find(tx, slug_id(user.id, agent.slug))
        if held is not None:
            agent = agent.replace(slug=agent.id.replace("_", "-").lower())
        take()
        records.slugs.put(tx, slug_id(user.id, agent.slug), SlugLock.on(agent))
        return records.agents.put(tx, agent.id, agent)

    return planning.with_another_agent(store, user, work)


def versions(
    store: Store, user: User, agent_id: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[AgentVersion], str | None]:
    """Every version that is kept, newest first."""
    find(store, user, agent_id)
    owned = (Where("agentId", "==", agent_id), Where("userId", "==", user.id))
    return records.agent_versions.page(store, *owned, newest="version", limit=limit, after=cursor)


def rollback(store: Store, models: ModelTable, user: User, agent_id: str, version: int, *, now: datetime) -> Agent:
    """A new version that equals an old one that is kept, but for the slug and the status, which stay."""

    def work(tx: Transaction) -> Agent:
        before = find(tx, user, agent_id)
        old = records.agent_versions.get(tx, version_id(agent_id, version))
        draft = old.draft.replace(slug=before.slug, status=before.status)
        check(tx, models, user, draft)
        return rewrite(tx, before, before.redesigned(draft, now), old.source, now)

    return store.transact(work)


def exported(store: Store, user: User, agent_id: str) -> str:
    """The agent file: as it was imported while it still says the same, else the canonical text."""
    agent = find(store, user, agent_id)
    version = records.agent_versions.get(store, version_id(agent.id, agent.version))
    return agent_file.render(agent.draft, version.source)


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


def enter(tx: Transaction, agent: Agent, source: str | None, now: datetime, take: planning.Take) -> Agent:
    """A new agent with its slug and its first version; `take` counts it.  Raises AlreadyExists, PlanLimit."""
    _free_slug(tx, agent)
    take()
    _take_slug(tx, agent)
    _keep_version(tx, agent, source, now)
    return records.agents.create(tx, agent.id, agent)


def version(documents: records.Documents, agent: Agent, number: int) -> AgentVersion:
    """What the agent was at that version; raises NotFound."""
    return records.agent_versions.get(documents, version_id(agent.id, number))


def rewrite(tx: Transaction, before: Agent, after: Agent, source: str | None, now: datetime) -> Agent:
    """The next version written, with all that a change leaves behind; it reads, so no write comes before it."""
    after = pausing.reviewed(tx, after, now)
    left = left_behind(tx, before, after, now)
    if after.slug != before.slug:
        _free_slug(tx, after)
        _take_slug(tx, after)
        records.slugs.delete(tx, slug_id(before.user_id, before.slug))
    _keep_version(tx, after, source, now)
    _leave(tx, left)
    return records.agents.put(tx, after.id, after)


def _leave(tx: Transaction, left: list[Execution]) -> None:
    for execution in left:
        records.executions.put(tx, execution.id, execution)


def _free_slug(tx: Transaction, agent: Agent) -> None:
    """Raises AlreadyExists; reads only."""
    if records.slugs.find(tx, slug_id(agent.user_id, agent.slug)) is not None:
        raise AlreadyExists(
            f"You have an agent named {agent.slug} already.", korean=f"{agent.slug} 이름의 에이전트가 이미 있습니다."
        )


def _take_slug(tx: Transaction, agent: Agent) -> None:
    lock = SlugLock.on(agent)
    records.slugs.create(tx, lock.id, lock)


def _keep_version(tx: Transaction, agent: Agent, source: str | None, now: datetime) -> None:
    entry = AgentVersion(
        agent_id=agent.id,
        user_id=agent.user_id,
        version=agent.version,
        draft=agent.draft,
        source=source,
        created_at=now,
    )
    records.agent_versions.create(tx, version_id(agent.id, agent.version), entry)
    if agent.version > KEPT_VERSIONS:
        records.agent_versions.delete(tx, version_id(agent.id, agent.version - KEPT_VERSIONS))


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
