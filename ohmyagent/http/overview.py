"""/api/admin/overview and the platform's switches, mails, words of people and audit log: for administrators."""

from datetime import timedelta
from typing import Annotated, Self

from flask import Blueprint, Response, current_app
from pydantic import Field

from ohmyagent import logs
from ohmyagent.domain.audit import AuditEntry
from ohmyagent.domain.blocks import Offence
from ohmyagent.domain.errors import Conflict, Problem
from ohmyagent.domain.mail import ADMINS
from ohmyagent.domain.platform import Feedback, FeedbackRequest
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.outbox import MailList, MailView
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.timing import Figures, Timings
from ohmyagent.http.views import Listing
from ohmyagent.ports import Beat
from ohmyagent.use_cases import administering, auditing, guarding, hearing, mailing, mails, overseeing
from ohmyagent.use_cases.overseeing import Overview

bp = Blueprint("overview", __name__)

KEPT = timedelta(seconds=15)
"""How old an overview may be: it looks at many documents."""


class ApiView(Record):
    """Of the process that answers, over the last five to ten minutes."""

    requests: int
    p50_ms: float | None
    p99_ms: float | None
    error_rate: float | None

    @classmethod
    def shown(cls, figures: Figures) -> Self:
        return cls(
            requests=figures.requests, p50_ms=figures.p50_ms, p99_ms=figures.p99_ms, error_rate=figures.error_rate
        )


class SecurityView(Record):
    """What this process has logged as a matter of security since it began, and how often."""

    what: str
    count: int
    last_at: Instant


class BlockView(Record):
    """A network address that is refused until then."""

    address: str
    offence: Offence
    until: Instant


class Address(Record):
    """A network address."""

    address: Annotated[str, Field(min_length=2, max_length=100)]


class ClockView(Record):
    """What sets off the tick from outside, and whether its last call failed."""

    paused: bool
    last: Instant | None
    coming: Instant | None
    failing: bool

    @classmethod
    def shown(cls, beat: Beat) -> Self:
        return cls(paused=not beat.runs, last=beat.last, coming=beat.coming, failing=beat.failing)


class OverviewView(Overview):
    """The platform at a glance.  `clock` is null on one machine, and where Cloud Scheduler does not answer."""

    clock: ClockView | None
    api: ApiView
    security: tuple[SecurityView, ...]
    blocked: tuple[BlockView, ...]


class Switch(Record):
    """Whether all schedules stand still."""

    paused: bool


class ClockSwitch(Record):
    """Whether nothing sets off the tick."""

    paused: bool


class SwitchView(Switch):
    """Since when, if they do."""

    paused_at: Instant | None


class Bounce(Record):
    """The address of a mail that came back."""

    address: Annotated[str, Field(min_length=3, max_length=320)]


class FeedbackView(Feedback):
    """What somebody said."""


class FeedbackList(Listing[FeedbackView]):
    """What people said, newest first."""


class EntryView(AuditEntry):
    """An entry of the audit log."""


class EntryList(Listing[EntryView]):
    """The audit log, newest first."""


@bp.get("/api/admin/overview")
@operation("The platform at a glance", access=Access.ADMIN, answers={200: OverviewView})
def overview() -> Response:
    """At most 15 seconds old, but for what this process knows by itself."""
    extensions, now = current_app.extensions, app().now()
    known: Overview | None = extensions.get("overview")
    if known is None or not now - KEPT <= known.at <= now:
        known = overseeing.overview(app().store, app().cloud_rate, now)
        extensions["overview"] = known
    timings: Timings = extensions["timings"]
    security = tuple(SecurityView(what=what, count=n, last_at=at) for what, (n, at) in logs.security_events().items())
    blocks = guarding.blocked_addresses(app().store, now, limit=100)
    blocked = tuple(BlockView(address=one.address, offence=one.offence, until=one.until) for one in blocks)
    api = ApiView.shown(timings.figures())
    return answer(OverviewView(**dict(known), clock=_clock(), api=api, security=security, blocked=blocked))


def _clock() -> ClockView | None:
    metronome = app().metronome
    if metronome is None:
        return None
    try:
        return ClockView.shown(metronome.beat())
    except Problem:
        return None


@bp.put("/api/admin/clock")
@operation(
    "Stop or start the clock", access=Access.ADMIN, body=ClockSwitch, answers={200: ClockView}, problems=(404, 409, 503)
)
def clock(body: ClockSwitch) -> Response:
    """409 on one machine, where the clock is a thread of the platform."""
    metronome = app().metronome
    if metronome is None:
        raise Conflict("The clock of this platform cannot be stopped.", korean="이 플랫폼의 시계는 멈출 수 없습니다.")
    return answer(ClockView.shown(administering.pause_clock(app().store, metronome, user(), body.paused, app().now())))


@bp.put("/api/admin/schedules")
@operation("Stop or start all schedules", access=Access.ADMIN, body=Switch, answers={200: SwitchView})
def schedules(body: Switch) -> Response:
    switches = administering.pause_schedules(app().store, user(), body.paused, app().now())
    current_app.extensions.pop("overview", None)
    at = switches.schedules_paused_at
    return answer(SwitchView(paused=at is not None, paused_at=at))


@bp.post("/api/admin/unblock")
@operation("Let a blocked address in again", access=Access.ADMIN, body=Address, answers={204: None})
def unblock(body: Address) -> Response:
    administering.unblock(app().store, user(), body.address, app().now())
    return nothing()


@bp.post("/api/admin/bounces")
@operation("Note that mail to an address came back", access=Access.ADMIN, body=Bounce, answers={204: None})
def bounce(body: Bounce) -> Response:
    administering.note_bounce(app().store, user(), body.address, app().now())
    return nothing()


@bp.get("/api/admin/outbox")
@operation("List the mails to administrators", access=Access.ADMIN, query=PageQuery, answers={200: MailList})
def outbox(query: PageQuery) -> Response:
    found, cursor = mailing.page_of(app().store, ADMINS, limit=query.limit, cursor=query.cursor)
    return answer(MailList.model_construct(items=tuple(map(MailView.shown, found)), next_cursor=cursor))


@bp.get("/api/admin/outbox/<id:mail_id>")
@operation("Read a mail to administrators", access=Access.ADMIN, answers={200: MailView}, problems=(404,))
def mail(mail_id: str) -> Response:
    found = mailing.found_of(app().store, ADMINS, mail_id)
    return answer(MailView.shown(found, mails.text(found, app().settings.public_url)))


@bp.get("/api/admin/feedback")
@operation("List what people said", access=Access.ADMIN, query=PageQuery, answers={200: FeedbackList})
def feedback(query: PageQuery) -> Response:
    found, cursor = administering.feedback(app().store, limit=query.limit, cursor=query.cursor)
    items = tuple(FeedbackView.model_construct(**dict(one)) for one in found)
    return answer(FeedbackList.model_construct(items=items, next_cursor=cursor))


@bp.get("/api/admin/audit")
@operation("The audit log", access=Access.ADMIN, query=PageQuery, answers={200: EntryList})
def audit(query: PageQuery) -> Response:
    found, cursor = auditing.page(app().store, limit=query.limit, cursor=query.cursor)
    items = tuple(EntryView.model_construct(**dict(entry)) for entry in found)
    return answer(EntryList.model_construct(items=items, next_cursor=cursor))


@bp.post("/api/feedback")
@operation("Say something to those who run the platform", body=FeedbackRequest, answers={201: FeedbackView})
def give(body: FeedbackRequest) -> Response:
    given = hearing.give(app().store, user(), body, app().now())
    return answer(FeedbackView.model_construct(**dict(given)), 201)
