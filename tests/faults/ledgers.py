"""What really happened, written down outside the system: by people, by the model, by the machine, by the queue."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ohmyagent.domain.agents import Agent
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.schedules import Schedule
from ohmyagent.ports import Task

MINUTE = timedelta(minutes=1)


class Time:
    """`true` only goes forward; the platform's clock is off by `skew`, which jumps."""

    def __init__(self, start: datetime) -> None:
        self.true = start
        self.skew = timedelta()

    @property
    def now(self) -> datetime:
        return self.true + self.skew


@dataclass
class ModelCall:
    """A call that a model answered.  `told` is whether the gateway could write it down: None when nobody knows."""

    execution_id: str
    reserved: int
    cost: int | None
    usage: TokenUsage
    told: bool | None = False
    partial: bool = False


@dataclass
class CliStart:
    execution_id: str
    epoch: int
    time: datetime


@dataclass
class Activity:
    """A schedule that counted, by the platform's clock, in (since, until]; `until` None: it still does."""

    agent_id: str
    schedule: Schedule
    since: datetime
    until: datetime | None = None


@dataclass
class Ledgers:
    accepted: set[str] = field(default_factory=set)
    starts: list[CliStart] = field(default_factory=list)
    calls: list[ModelCall] = field(default_factory=list)
    phantoms: set[str] = field(default_factory=set)
    """Executions with a reservation that the gateway never heard of: it may be open for ever."""
    kept: dict[tuple[str, str], Task] = field(default_factory=dict)
    """With the time from which they may be delivered."""
    handled: set[tuple[str, str]] = field(default_factory=set)
    early: list[Task] = field(default_factory=list)
    """Tasks that were delivered before their time."""
    hasty: list[str] = field(default_factory=list)
    """Executions that were started before their time."""
    messages: dict[str, set[str]] = field(default_factory=dict)
    """What was sent to hooks, and the runs that the answers named."""
    activities: list[Activity] = field(default_factory=list)
    deliveries: int = 0

    def keep(self, task: Task, new: bool, now: datetime) -> None:
        """The first time counts; of a task that was there although nobody was told so, any time may be it."""
        due = (task.due or now) if new else datetime.min.replace(tzinfo=UTC)
        self.kept.setdefault((task.kind, task.name), replace(task, due=due))

    def seen(self, agent: Agent, now: datetime) -> None:
        """Notice when an agent's schedule began or ceased to count."""
        current = next((a for a in self.activities if a.agent_id == agent.id and a.until is None), None)
        schedule = agent.schedule if agent.scheduled else None
        if (current.schedule if current else None) == schedule:
            return
        if current is not None:
            current.until = now
        if schedule is not None:
            self.activities.append(Activity(agent.id, schedule, now))


def instants(schedule: Schedule, since: datetime, until: datetime) -> list[datetime]:
    """Those of (since, until], found by looking at every minute: knows nothing of how the program finds them."""
    fields = schedule.cron.split()
    minute = since.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    zone, found = ZoneInfo(schedule.timezone), []
    while minute <= until:
        wall = minute.astimezone(zone)
        if all(_matches(*pair) for pair in zip(fields, (wall.minute, wall.hour, wall.day, wall.month), strict=False)):
            found.append(minute)
        minute += MINUTE
    return found


def _matches(field_: str, value: int) -> bool:
    if field_ == "*":
        return True
    if field_.startswith("*/"):
        return value % int(field_[2:]) == 0
    return value == int(field_)
