"""Money and tokens: the ledger of one run, and the month of one user.

A call is reserved at its worst cost before it is sent and settled from its own stream, once.  Unknown is never 0:
a call that died is charged its reservation and marks the ledger `partial`; one without a price marks it `unpriced`.
"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import BudgetExceeded, Forbidden
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.text import digest

MOST_OPEN_CALLS = 64


class OpenCall(Record):
    """A model call under way, with what was set aside for it."""

    id: str
    model: str
    reserved: MicroUsd
    started_at: Instant


class Ledger(Record):
    """What one run (or chat turn) may spend and has spent.  Its id is the id of what it pays for.

    `abandoned` are calls charged at their reservation when the run ended; one that settles later is corrected.
    """

    id: str
    user_id: str
    agent_id: str | None
    token_digest: str
    epoch: int
    models: tuple[str, ...]
    cap: MicroUsd
    expires_at: Instant
    closed: bool = False
    open_calls: tuple[OpenCall, ...] = ()
    abandoned: tuple[OpenCall, ...] = ()
    calls: int = 0
    released: int = 0
    spent: MicroUsd = 0
    usage: TokenUsage = TokenUsage()
    searches: int = 0
    partial: bool = False
    unpriced: bool = False

    @property
    def reserved(self) -> int:
        return sum(call.reserved for call in self.open_calls)

    @property
    def touched(self) -> bool:
        """Whether a model may have heard of the run: some call did not fail on its way there."""
        return self.calls > self.released

    @property
    def left(self) -> int:
        """Micro-dollars not yet spent or set aside."""
        return max(0, self.cap - self.spent - self.reserved)

    @property
    def cost(self) -> int | None:
        """Micro-dollars so far, or None when a price was unknown."""
        return None if self.unpriced else self.spent

    def usable(self, token: str, now: datetime) -> Self:
        """Itself, for a live token; raises Forbidden (the CLI retries 401 but not 403)."""
        if self.token_digest != digest(token) or self.closed or now >= self.expires_at:
            raise Forbidden("This execution's token is no longer valid.")
        return self

    def reserving(self, call: OpenCall) -> Self:
        """With the call's worst cost set aside; raises BudgetExceeded when it does not fit."""
        if call.reserved > self.left or len(self.open_calls) >= MOST_OPEN_CALLS:
            raise BudgetExceeded()
        return self.replace(open_calls=(*self.open_calls, call), calls=self.calls + 1)

    def settling(self, call_id: str, cost: int | None, usage: TokenUsage, searches: int, *, partial: bool) -> Self:
        """With the call's real cost in the reservation's place; a call that is not open (any more) changes nothing.

        An abandoned call was charged its reservation: that is taken back first.
        """
        call = next((c for c in (*self.open_calls, *self.abandoned) if c.id == call_id), None)
        if call is None:
            return self
        given_back = call.reserved if call in self.abandoned else 0
        return self.replace(
            open_calls=tuple(c for c in self.open_calls if c.id != call_id),
            abandoned=tuple(c for c in self.abandoned if c.id != call_id),
            spent=max(0, self.spent - given_back) + (cost or 0),
            usage=self.usage + usage,
            searches=self.searches + searches,
            partial=self.partial or partial,
            unpriced=self.unpriced or cost is None,
        )

    def releasing(self, call_id: str) -> Self:
        """Without a call that never reached the model (refused, or the connection failed): it costs nothing."""
        still = tuple(c for c in self.open_calls if c.id != call_id)
        return self.replace(open_calls=still, released=self.released + len(self.open_calls) - len(still))

    def ended(self) -> Self:
        """Closed for new calls; what is still open is charged in full and flagged."""
        if self.closed:
            return self
        return self.replace(
            closed=True, open_calls=(), abandoned=self.open_calls, spent=self.spent + self.reserved,
            partial=self.partial or bool(self.open_calls),
        )  # fmt: skip


class Reservation(Record):
    """A run under way, with its whole cap set aside against the caps of agent and user."""

    execution_id: str
    agent_id: str
    micro_usd: MicroUsd


class UsageRow(Record):
    """What one agent used on one day (UTC).  `unknownCosts` counts runs whose cost is not known."""

    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    agent_id: str
    runs: int = 0
    succeeded: int = 0
    token_usage: TokenUsage = TokenUsage()
    cost_micro_usd: MicroUsd = 0
    unknown_costs: int = 0


class Month(Record):
    """One user's calendar month (UTC): rows of what was used, and what is set aside for runs under way."""

    id: str
    user_id: str
    month: str
    reservations: tuple[Reservation, ...] = ()
    rows: tuple[UsageRow, ...] = ()

    @classmethod
    def empty(cls, user_id: str, month: str) -> Self:
        return cls(id=month_id(user_id, month), user_id=user_id, month=month)

    def committed(self, agent_id: str | None = None) -> int:
        """Micro-dollars spent or set aside, by one agent or by all."""
        rows = sum(r.cost_micro_usd for r in self.rows if agent_id in (None, r.agent_id))
        return rows + sum(r.micro_usd for r in self.reservations if agent_id in (None, r.agent_id))

    def reserving(self, execution_id: str, agent_id: str, micro_usd: int) -> Self:
        reservation = Reservation(execution_id=execution_id, agent_id=agent_id, micro_usd=micro_usd)
        return self.replace(reservations=(*self.reservations, reservation))

    def booked(self, execution_id: str, row: UsageRow) -> Self:
        """The run's reservation gone and its row added to the day's."""
        kept = tuple(r for r in self.reservations if r.execution_id != execution_id)
        same = [r for r in self.rows if (r.day, r.agent_id) == (row.day, row.agent_id)]
        others = tuple(r for r in self.rows if r not in same)
        return self.replace(reservations=kept, rows=(*others, _sum([*same, row])))

    def joined(self, other: Self) -> Self:
        """With all that another month of the same name has."""
        rows = self.rows
        for row in other.rows:
            same = [r for r in rows if (r.day, r.agent_id) == (row.day, row.agent_id)]
            rows = (*(r for r in rows if r not in same), _sum([*same, row]))
        return self.replace(reservations=(*self.reservations, *other.reservations), rows=rows)

    def corrected(self, day: str, agent_id: str, usage: TokenUsage, cost: int, unknown: int) -> Self:
        """With what a call added (or gave back: `cost` may be negative) after its run had been booked.

        `unknown` is 1 when the run's cost has become unknown by it.
        """

        def fixed(row: UsageRow) -> UsageRow:
            if (row.day, row.agent_id) != (day, agent_id):
                return row
            return row.replace(
                token_usage=row.token_usage + usage,
                cost_micro_usd=max(0, row.cost_micro_usd + cost),
                unknown_costs=row.unknown_costs + unknown,
            )

        return self.replace(rows=tuple(fixed(row) for row in self.rows))


def _sum(rows: list[UsageRow]) -> UsageRow:
    usage = TokenUsage()
    for row in rows:
        usage = usage + row.token_usage
    return rows[0].replace(
        runs=sum(r.runs for r in rows),
        succeeded=sum(r.succeeded for r in rows),
        token_usage=usage,
        cost_micro_usd=sum(r.cost_micro_usd for r in rows),
        unknown_costs=sum(r.unknown_costs for r in rows),
    )


def month_of(now: datetime) -> str:
    return now.strftime("%Y-%m")


def month_id(user_id: str, month: str) -> str:
    return f"{user_id}.{month}"
