"""Conversations with an agent itself: what the person agreed to spend, and where the CLI's own record of it is."""

from typing import Annotated, Self

from pydantic import Field

from ohmyagent.domain.executions import StoredFile
from ohmyagent.domain.record import Instant, MicroUsd, Record

DEFAULT_CAP_MICRO_USD = 500_000
MOST_CAP_MICRO_USD = 20_000_000


class TalkRequest(Record):
    """The person's consent: the agent may spend so much in answering them, all messages together."""

    cap_micro_usd: Annotated[int, Field(ge=10_000, le=MOST_CAP_MICRO_USD)] = DEFAULT_CAP_MICRO_USD


class Talk(Record):
    """Its id is the conversation's.  `session` names the CLI's session, `record` is None until a run has left one."""

    id: str
    user_id: str
    agent_id: str
    session: str
    record: StoredFile | None = None
    cap_micro_usd: MicroUsd
    spent_micro_usd: MicroUsd = 0
    created_at: Instant

    @property
    def left(self) -> int:
        """Micro-dollars that may still be spent."""
        return max(0, self.cap_micro_usd - self.spent_micro_usd)

    def answered(self, spent: int, record: StoredFile | None) -> Self:
        """After a run; one that left no record does not make the earlier one void."""
        return self.replace(spent_micro_usd=self.spent_micro_usd + spent, record=record or self.record)
