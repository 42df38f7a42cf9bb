"""The draft of a conversation: changed by the designer or by the user, saved by the user alone."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent, AgentDraft, AgentStatus
from ohmyagent.domain.clauses import field_errors
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.drafts import Draft, PartialDraft
from ohmyagent.domain.errors import Conflict, FieldError, Invalid, NotFound
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import derived_id
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases import designing, planning
from ohmyagent.use_cases.shelving import Hold

NOT_BY_DRAFT = ("status", "slug")
"""What a draft never decides: the one is for saving to say, the other follows from the agent."""


def present(documents: records.Documents, user: User, conversation_id: str, now: datetime) -> Draft:
    """The conversation's draft; an empty one, or that of the agent it is about, when nothing was changed yet.

    Raises NotFound for an unknown conversation and for another's alike.
    """
    conversation = records.conversations.find(documents, conversation_id)
    if conversation is None or not may(user, Action.CHANGE, conversation) or conversation.deleted_at is not None:
        raise NotFound()
    draft = records.drafts.find(documents, conversation_id)
    if draft is not None:
        return draft
    if conversation.agent_id is not None:
        agent = designing.find(documents, user, conversation.agent_id)
        return Draft.of_agent(conversation_id, agent, now)
    return Draft.begun(conversation_id, user.id, reserved_id(user.id, conversation_id), now)


def reserved_id(user_id: str, conversation_id: str) -> str:
    """The id that the conversation's new agent will have."""
    return derived_id("a", user_id, "conversations", conversation_id)


def change(
    store: Store,
    models: ModelTable,
    user: User,
    conversation_id: str,
    patch: dict[str, Any],
    *,
    now: datetime,
    revision: int | None = None,
    key: str | None = None,
    card: str | None = None,
) -> Draft:
    """The draft with a merge patch (RFC 7396) of the agent's JSON applied; once for each `key`.  `card` will show it.

    Raises NotFound, Conflict when `revision` is not the present one, Invalid naming each field below `agent`.
    """

    def work(tx: Transaction) -> Draft:
        draft = present(tx, user, conversation_id, now)
        if key is not None and draft.was_applied(key):
            return draft
        if revision is not None:
            draft.at(revision)
        agent = patched(draft.agent, patch)
        _check(tx, models, user, agent)
        edited = draft.edited(agent, now, key)
        return records.drafts.put(tx, draft.id, edited.replace(card=card or edited.card))

    return store.transact(work)


def adopt(store: Store, user: User, conversation_id: str, agent_id: str, *, now: datetime) -> Draft:
    """The conversation's draft is of that saved agent from now on; raises NotFound, Conflict for an unsaved one."""

    def work(tx: Transaction) -> Draft:
        draft = present(tx, user, conversation_id, now)
        agent = designing.find(tx, user, agent_id)
        if draft.agent_id == agent.id:
            return draft
        if draft.revision > 0 and not draft.saved:
            raise Conflict(
                "There is an unsaved draft in this conversation; begin a new one for another agent.",
                korean="이 대화에 저장하지 않은 초안이 있습니다. 다른 에이전트는 새 대화에서 고쳐 주세요.",
            )
        return records.drafts.put(tx, draft.id, draft.replace(agent_id=agent.id).resting_on(agent, now))

    return store.transact(work)


def save(
    store: Store,
    models: ModelTable,
    user: User,
    conversation_id: str,
    revision: int,
    *,
    activate: bool,
    now: datetime,
) -> tuple[Draft, Agent]:
    """The revision as a new agent, or as the next version of the one it changes; active if asked for.

    Saving a revision again changes nothing, but for making it active.  Raises NotFound, Invalid naming what is missing,
    PlanLimit, and Conflict for a draft, or an agent, that was changed meanwhile: then the draft is renewed from the
    agent's present state, with what the draft had changed, to be looked at again.
    """

    def work(tx: Transaction, hold: Hold) -> tuple[Draft, Agent] | Draft:
        draft = present(tx, user, conversation_id, now).at(revision)
        before = _saved_agent(tx, user, draft)
        if before is not None and before.version != draft.base_version:
            return records.drafts.put(tx, draft.id, _renewed(tx, draft, before, now))
        status = _status(before, activate)
        agent = draft.agent.complete().replace(status=status)
        designing.check(tx, models, user, agent)
        if before is not None and agent.replace(slug=before.slug) == before.draft:
            saved = before
        elif before is not None:
            saved = designing.rewrite(tx, before, before.redesigned(agent, now), None, now, hold)
        else:
            new = Agent.designed(agent, id=draft.agent_id, user_id=user.id, now=now)
            saved = designing.enter(tx, new, None, now, hold)
        return records.drafts.put(tx, draft.id, draft.kept_as(saved)), saved

    done = planning.with_another_agent(store, user, work)
    if isinstance(done, Draft):
        raise Conflict(
            "The agent was changed elsewhere; the draft now rests on its newest version. Look at it and save again.",
            korean="에이전트가 다른 곳에서 바뀌어 초안을 최신 버전에 맞췄습니다. 확인한 뒤 다시 저장해 주세요.",
        )
    return done


def _saved_agent(tx: Transaction, user: User, draft: Draft) -> Agent | None:
    if draft.base_version is None:
        return None
    return designing.find(tx, user, draft.agent_id)


def _status(before: Agent | None, activate: bool) -> AgentStatus:
    if activate:
        return AgentStatus.ACTIVE
    return AgentStatus.DRAFT if before is None else before.status


def _renewed(tx: Transaction, draft: Draft, agent: Agent, now: datetime) -> Draft:
    """What the draft changed since its base, upon the agent as it is now."""
    try:
        base = designing.version(tx, agent, draft.base_version or 1).draft
    except NotFound:  # so old that it is not kept: whatever differs is the draft's
        base = agent.draft
    own = {
        name: getattr(draft.agent, name)
        for name in AgentDraft.model_fields
        if getattr(draft.agent, name) != getattr(base, name) and name not in NOT_BY_DRAFT
    }
    return draft.resting_on(agent, now).rebased(own, now)


def patched(agent: PartialDraft, patch: dict[str, Any]) -> PartialDraft:
    """The draft with a merge patch applied; raises Invalid naming each wrong field below `agent`."""
    present = agent.model_dump(mode="json")
    for name in NOT_BY_DRAFT:
        if patch.get(name) not in (None, present[name]):
            raise Invalid(FieldError(f"agent.{name}", "is not set by a draft"))
    merged = _without_nulls(designing.merged(present, patch))
    try:
        return PartialDraft.model_validate_json(json.dumps(merged), strict=True, by_alias=True, by_name=False)
    except ValidationError as wrong:
        raise Invalid(*_within(field_errors(wrong))) from None


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """Null is the default everywhere, and with it left out the defaults come back."""
    kept = {name: item for name, item in value.items() if item is not None}
    return {name: _without_nulls(item) if isinstance(item, dict) else item for name, item in kept.items()}


def _check(documents: records.Documents, models: ModelTable, user: User, agent: PartialDraft) -> None:
    try:
        designing.check(documents, models, user, agent)
    except Invalid as wrong:
        raise Invalid(*_within(wrong.errors)) from None


def _within(errors: Iterable[FieldError]) -> Iterator[FieldError]:
    return (FieldError(f"agent.{error.field}", error.message) for error in errors)
