"""POST /api/schedules/preview: a schedule in words, and when it would come due."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from ohmyagent.domain.errors import FieldError, Invalid
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.schedule_speech import LONGEST, Asked, Question, heard
from ohmyagent.domain.schedule_words import words
from ohmyagent.domain.schedules import Cron, Schedule
from ohmyagent.domain.text import Line
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.views import WordsView
from ohmyagent.use_cases import planning, scheduling

bp = Blueprint("schedules", __name__, url_prefix="/api/schedules")


class PreviewRequest(Schedule):
    """A schedule; or, without `cron`, one said in `text`, in Korean or English, with the zone of who says it."""

    cron: Cron | None = None  # type: ignore[assignment]
    text: Annotated[Line, Field(max_length=LONGEST)] | None = None


class ChoiceView(Record):
    """A schedule that a text may mean."""

    text: WordsView
    schedule: Schedule


class QuestionView(Record):
    """What a text leaves open, with the likeliest schedules."""

    asked: Asked
    text: WordsView
    choices: tuple[ChoiceView, ...]


class PreviewView(Record):
    """Either a schedule or a question about it.

    `next`: the next five instants, fewer where no more come; `tooFrequent`: more often than `minimumIntervalSeconds`,
    which the caller's plan allows; `holidaysRelease`: of the table of holidays, where the schedule has a calendar.
    """

    schedule: Schedule | None = None
    text: WordsView | None = None
    next: tuple[Instant, ...] = ()
    too_frequent: bool = False
    minimum_interval_seconds: int
    holidays_release: str | None = None
    question: QuestionView | None = None


@bp.post("/preview")
@operation("What a schedule means and when it comes due", body=PreviewRequest, answers={200: PreviewView})
def preview(body: PreviewRequest) -> Response:
    plan = planning.plan_of(app().store, user())
    least = plan.minimum_interval_seconds
    found = _meant(body)
    if isinstance(found, Question):
        return answer(PreviewView(question=_question(found), minimum_interval_seconds=least))
    seen = scheduling.preview(found, plan, app().now())
    return answer(
        PreviewView(
            schedule=seen.schedule,
            text=WordsView.shown(seen.text),
            next=seen.next,
            too_frequent=seen.too_frequent,
            minimum_interval_seconds=least,
            holidays_release=seen.holidays_release,
        )
    )


def _meant(body: PreviewRequest) -> Schedule | Question:
    """Raises Invalid naming `cron` when there is neither it nor a text, and `text` when that is not understood."""
    if body.cron is not None:
        return Schedule.model_validate(body.model_dump())
    if body.text is None:
        raise Invalid(FieldError("cron", "is missing"))
    found = heard(body.text, body.timezone)
    if found is None:
        raise Invalid(FieldError("text", "is not a schedule that is understood; try: 평일 오전 9시, every Monday 8am"))
    return found if isinstance(found, Question) else found.replace(overlap=body.overlap, catch_up=body.catch_up)


def _question(question: Question) -> QuestionView:
    return QuestionView(
        asked=question.asked,
        text=WordsView.shown(question.text),
        choices=tuple(ChoiceView(text=WordsView.shown(words(choice)), schedule=choice) for choice in question.choices),
    )
