"""The platform at a glance, derived from what is kept anyway: no counter that everybody writes.

What could be long is counted up to a limit; a figure that nobody can know is None, never 0.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from ohmyagent import records
from ohmyagent.domain.beta import BetaStatus
from ohmyagent.domain.executions import OWNED, Execution, Status
from ohmyagent.domain.mail import MailState, OutboxMail
from ohmyagent.domain.platform import PRESENT
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.usage import UsageRow, month_of
from ohmyagent.ports import Store, Where
from ohmyagent.use_cases.ticking.pulse import TICK

PAGE = 500
MOST = 20_000
"""Documents that are looked at for one figure."""
NOW = timedelta(minutes=10)
"""Who was seen so lately is here now; sights are written every five minutes."""
WEEK = timedelta(days=7)
LEAST_SECONDS = 60
"""What a task of Cloud Run costs at the least."""


class People(Record):
    """`returnRate`: of those who came first one to two weeks ago, the share seen within the last week."""

    active_now: int
    active_today: int
    active_this_week: int
    new_this_week: int
    return_rate: float | None


class Runs(Record):
    """Runs that were started, by UTC day; `failed` did not succeed, for whatever reason."""

    today: int
    failed_today: int
    this_month: int
    failed_this_month: int
    going_on: int
    waiting: int
    oldest_waiting_seconds: float | None


class Spend(Record):
    """What models cost, and an estimate of what Google Cloud does (None where there is none)."""

    model_today_micro_usd: MicroUsd
    model_this_month_micro_usd: MicroUsd
    unknown_costs_this_month: int
    cloud_today_micro_usd: int | None
    cloud_this_month_micro_usd: int | None


class Post(Record):
    """Mails that wait for their turn, and what became of those of the last week.

    `deliveryRate`: of those that were tried, the share that a server took.  Seconds: from when it was due to taken.
    """

    waiting: int
    oldest_waiting_seconds: float | None
    sent: int
    kept: int
    failed: int
    unknown: int
    suppressed: int
    delivery_rate: float | None
    p50_seconds: float | None
    p99_seconds: float | None


class Overview(Record):
    """One look at all of it."""

    at: Instant
    people: People
    runs: Runs
    spend: Spend
    mail: Post
    tick_age_seconds: float | None
    schedules_paused_at: Instant | None
    applications_waiting: int
    feedback_this_week: int


def overview(store: Store, cloud_rate: int | None, now: datetime) -> Overview:
    """`cloud_rate`: micro-dollars for a second of a run on Google Cloud, None elsewhere."""
    pulse, switches = records.pulses.find(store, TICK), records.platform.find(store, PRESENT)
    waiting = _all(
        records.beta_applications, store, Where("status", "==", BetaStatus.RECEIVED.value), newest="createdAt"
    )
    said = _all(records.feedback, store, Where("createdAt", ">=", now - WEEK), oldest="createdAt")
    rows = _rows(store, now)
    return Overview(
        at=now,
        people=_people(store, now),
        runs=_runs(store, rows, now),
        spend=_spend(store, rows, cloud_rate, now),
        mail=_post(store, now),
        tick_age_seconds=None if pulse is None else (now - pulse.at).total_seconds(),
        schedules_paused_at=switches.schedules_paused_at if switches else None,
        applications_waiting=sum(1 for _ in waiting),
        feedback_this_week=sum(1 for _ in said),
    )


def _all(collection: records.Collection[Any], store: Store, *where: Where, **order: str) -> Iterator[Any]:
    """Up to `MOST` records, page by page."""
    cursor: str | None = None
    for _ in range(MOST // PAGE):
        page, cursor = collection.page(store, *where, limit=PAGE, after=cursor, **order)
        yield from page
        if cursor is None:
            return


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _people(store: Store, now: datetime) -> People:
    seen: dict[str, datetime] = {}
    for session in _all(records.sessions, store, Where("seenAt", ">=", now - WEEK), oldest="seenAt"):
        seen[session.user_id] = max(session.seen_at, seen.get(session.user_id, session.seen_at))
    fortnight = [Where("createdAt", ">=", now - 2 * WEEK)]
    came = list(_all(records.users, store, *fortnight, oldest="createdAt"))
    before = [user for user in came if user.created_at < now - WEEK]
    today = _midnight(now)
    return People(
        active_now=sum(at >= now - NOW for at in seen.values()),
        active_today=sum(at >= today for at in seen.values()),
        active_this_week=len(seen),
        new_this_week=len(came) - len(before),
        return_rate=sum(user.id in seen for user in before) / len(before) if before else None,
    )


def _rows(store: Store, now: datetime) -> list[UsageRow]:
    """What everybody used this month."""
    months = _all(records.months, store, Where("month", "==", month_of(now)))
    return [row for month in months for row in month.rows]


def _runs(store: Store, rows: list[UsageRow], now: datetime) -> Runs:
    today = [row for row in rows if row.day == now.strftime("%Y-%m-%d")]
    queued = list(_status(store, Status.QUEUED))
    due = [run.due_time or run.created_at for run in queued if run.is_due(now)]
    return Runs(
        today=sum(row.runs for row in today),
        failed_today=sum(row.runs - row.succeeded for row in today),
        this_month=sum(row.runs for row in rows),
        failed_this_month=sum(row.runs - row.succeeded for row in rows),
        going_on=sum(1 for status in sorted(OWNED) for _ in _status(store, status)),
        waiting=len(due),
        oldest_waiting_seconds=(now - min(due)).total_seconds() if due else None,
    )


def _status(store: Store, status: Status) -> Iterator[Execution]:
    return _all(records.executions, store, Where("status", "==", status.value), oldest="createdAt")


def _spend(store: Store, rows: list[UsageRow], cloud_rate: int | None, now: datetime) -> Spend:
    today = [row for row in rows if row.day == now.strftime("%Y-%m-%d")]
    cloud = (None, None) if cloud_rate is None else _cloud(store, rows, cloud_rate, now)
    return Spend(
        model_today_micro_usd=sum(row.cost_micro_usd for row in today),
        model_this_month_micro_usd=sum(row.cost_micro_usd for row in rows),
        unknown_costs_this_month=sum(row.unknown_costs for row in rows),
        cloud_today_micro_usd=cloud[0],
        cloud_this_month_micro_usd=cloud[1],
    )


def _cloud(store: Store, rows: list[UsageRow], rate: int, now: datetime) -> tuple[int | None, int | None]:
    """Today by the seconds of today's runs; the month by as many of their mean length, None without one today."""
    made = _all(records.executions, store, Where("createdAt", ">=", _midnight(now)), oldest="createdAt")
    seconds = [
        max(LEAST_SECONDS, ((run.end_time or now) - run.start_time).total_seconds()) for run in made if run.start_time
    ]
    today = round(sum(seconds) * rate)
    runs = sum(row.runs for row in rows)
    return today, round(today / len(seconds) * max(runs, len(seconds))) if seconds else (0 if not runs else None)


def _post(store: Store, now: datetime) -> Post:
    queued = Where("state", "==", MailState.QUEUED.value), Where("dueAt", "<=", now)
    waiting = [mail.due_at for mail in _all(records.outbox, store, *queued, oldest="dueAt")]
    ended = list(_all(records.outbox, store, Where("endedAt", ">=", now - WEEK), oldest="endedAt"))
    count = {state: sum(mail.state is state for mail in ended) for state in MailState}
    tried = count[MailState.SENT] + count[MailState.FAILED] + count[MailState.UNKNOWN]
    took = sorted(_seconds(mail) for mail in ended if mail.state is MailState.SENT)
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else []
    return Post(
        waiting=len(waiting),
        oldest_waiting_seconds=(now - min(waiting)).total_seconds() if waiting else None,
        sent=count[MailState.SENT],
        kept=count[MailState.KEPT],
        failed=count[MailState.FAILED],
        unknown=count[MailState.UNKNOWN],
        suppressed=count[MailState.SUPPRESSED],
        delivery_rate=count[MailState.SENT] / tried if tried else None,
        p50_seconds=round(cuts[49], 3) if cuts else None,
        p99_seconds=round(cuts[98], 3) if cuts else None,
    )


def _seconds(mail: OutboxMail) -> float:
    """From when it might go out; an attempt that was put off counts from its new time."""
    return (mail.ended_at - max(mail.created_at, mail.due_at)).total_seconds() if mail.ended_at else 0.0
