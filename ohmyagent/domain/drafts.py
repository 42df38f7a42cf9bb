"""What a conversation has designed so far: an agent that nobody has saved yet, revision by revision."""

from datetime import datetime
from typing import Any, Self

from ohmyagent.domain.agents import Agent, AgentDraft, AgentStatus
from ohmyagent.domain.errors import Conflict, FieldError, Invalid
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Instructions, Name, digest

MOST_REMEMBERED = 40
"""Rehearsals, and changes by key, that a draft remembers."""
NEEDED = ("name", "finalPrompt")
WORK = ("final_prompt", "model", "tools")
"""The fields on which a run's cost depends: what else changes leaves a measured price standing."""


class PartialDraft(AgentDraft):
    """An agent with what it still lacks left open."""

    name: Name | None = None  # type: ignore[assignment]
    final_prompt: Instructions | None = None  # type: ignore[assignment]
    status: AgentStatus = AgentStatus.DRAFT

    @property
    def missing(self) -> tuple[str, ...]:
        present = {"name": self.name, "finalPrompt": self.final_prompt}
        return tuple(field for field in NEEDED if present[field] is None)

    def complete(self) -> AgentDraft:
        """The agent, when nothing is missing; raises Invalid naming what is."""
        if self.missing:
            raise Invalid(*(FieldError(f"agent.{field}", "is missing") for field in self.missing))
        return AgentDraft(**{name: getattr(self, name) for name in AgentDraft.model_fields})


class Rehearsed(Record):
    """A trial run of a revision; `work` tells whether another revision would do the same work."""

    execution_id: str
    revision: int
    work: str


class Applied(Record):
    """A change that was made under a key, so that it is made once."""

    key: str
    revision: int


class Draft(Record):
    """The draft of one conversation; its id is the conversation's.

    `agentId` is reserved from the beginning, so that trial runs and the saved agent have the same.  `baseVersion` is
    the version of a saved agent that the draft goes out from, None while there is no such agent; `card` is the one that
    showed it last.
    """

    id: str
    user_id: str
    agent_id: str
    base_version: int | None = None
    revision: int = 0
    agent: PartialDraft = PartialDraft()
    changed: tuple[str, ...] = ()
    saved_revision: int | None = None
    card: str | None = None
    rehearsals: tuple[Rehearsed, ...] = ()
    applied: tuple[Applied, ...] = ()
    created_at: Instant
    updated_at: Instant

    @classmethod
    def begun(cls, conversation_id: str, user_id: str, agent_id: str, now: datetime) -> Self:
        """An empty draft of a new agent."""
        return cls(id=conversation_id, user_id=user_id, agent_id=agent_id, created_at=now, updated_at=now)

    @classmethod
    def of_agent(cls, conversation_id: str, agent: Agent, now: datetime) -> Self:
        """The draft that changes nothing of a saved agent yet."""
        return cls.begun(conversation_id, agent.user_id, agent.id, now).resting_on(agent, now)

    @property
    def saved(self) -> bool:
        """Whether a saved agent is as the draft says."""
        return self.saved_revision == self.revision

    def at(self, revision: int) -> Self:
        """Itself, if it is still what the caller saw; raises Conflict."""
        if revision != self.revision:
            raise Conflict(
                "The draft was changed in the meantime; look at the newest card.",
                korean="그 사이에 초안이 바뀌었습니다. 가장 최근 카드를 확인해 주세요.",
            )
        return self

    def edited(self, agent: PartialDraft, now: datetime, key: str | None = None) -> Self:
        """The next revision; the same one when nothing changes.  `key` is remembered either way."""
        changed = differences(self.agent, agent)
        revision = self.revision + bool(changed)
        applied = (*self.applied, Applied(key=key, revision=revision))[-MOST_REMEMBERED:] if key else self.applied
        if not changed:
            return self.replace(applied=applied)
        return self.replace(revision=revision, agent=agent, changed=changed, applied=applied, updated_at=now)

    def was_applied(self, key: str) -> bool:
        return any(applied.key == key for applied in self.applied)

    def resting_on(self, agent: Agent, now: datetime) -> Self:
        """It says what the saved agent is."""
        fields = PartialDraft(**dict(agent.draft))
        after = self.edited(fields, now)
        return after.replace(base_version=agent.version, saved_revision=after.revision)

    def rebased(self, fields: dict[str, Any], now: datetime) -> Self:
        """With these fields changed again, after its base did."""
        return self.edited(self.agent.replace(**fields), now)

    def kept_as(self, agent: Agent) -> Self:
        """The present revision is that agent now."""
        fields = PartialDraft(**dict(agent.draft))
        return self.replace(agent=fields, base_version=agent.version, saved_revision=self.revision)

    def rehearsing(self, execution_id: str) -> Self:
        """With a trial run of the present revision remembered."""
        entry = Rehearsed(execution_id=execution_id, revision=self.revision, work=work_of(self.agent))
        return self.replace(rehearsals=(*self.rehearsals, entry)[-MOST_REMEMBERED:])

    @property
    def comparable(self) -> tuple[Rehearsed, ...]:
        """Trial runs that did the work which the present revision would do."""
        work = work_of(self.agent)
        return tuple(entry for entry in self.rehearsals if entry.work == work)


def differences(before: AgentDraft, after: AgentDraft) -> tuple[str, ...]:
    """The top-level fields that differ, as JSON names them."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(name for name in now if was.get(name) != now[name])


def work_of(agent: AgentDraft) -> str:
    """What decides how much a run costs, as a digest."""
    return digest("\x1f".join(str(getattr(agent, name)) for name in WORK))
