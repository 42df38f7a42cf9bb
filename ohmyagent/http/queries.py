"""What lists and logs can be asked for."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from ohmyagent.domain.agents import AgentStatus
from ohmyagent.domain.executions import Status
from ohmyagent.domain.record import Record
from ohmyagent.use_cases.accounting import By

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}")
A_TIME = "must be a time such as 2026-11-20T08:00:00Z"
A_DATE = "must be a date such as 2026-11-20"


def _number(text: object) -> int:
    if isinstance(text, int):
        return text
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _time(text: object) -> datetime:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(A_TIME)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(A_TIME) from None


def _date(text: object) -> date:
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValueError(A_DATE)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(A_DATE) from None


Number = Annotated[int, BeforeValidator(_number)]
Time = Annotated[datetime, BeforeValidator(_time)]
Day = Annotated[date, BeforeValidator(_date)]


class PageQuery(Record):
    """One page of a list."""

    limit: Annotated[Number, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(max_length=2_000)] | None = None


class CalendarQuery(Record):
    """The time to show: `from` (by default now) up to `to` (by default a month later)."""

    since: Time | None = Field(default=None, alias="from")
    until: Time | None = Field(default=None, alias="to")


class AgentsQuery(PageQuery):
    """`q` is looked for in name, slug and description."""

    status: AgentStatus | None = None
    tag: Annotated[str, Field(max_length=30)] | None = None
    q: Annotated[str, Field(max_length=100)] | None = None


class ExecutionsQuery(PageQuery):
    """Runs created from `from` on and before `to`."""

    agent_id: Annotated[str, Field(max_length=128)] | None = None
    status: Status | None = None
    since: Time | None = Field(default=None, alias="from")
    until: Time | None = Field(default=None, alias="to")


class LogQuery(Record):
    """`after` is the last seq that the caller has."""

    after: Annotated[Number, Field(ge=0, le=10**9)] = 0


class UsageQuery(Record):
    """UTC days, both included; the last 30 when none are named."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")
    by: By = By.DAY


class LinkQuery(Record):
    """What makes a link to a body trustworthy."""

    expires: Annotated[Number, Field(ge=0)]
    length: Annotated[Number, Field(ge=0)]
    signature: Annotated[str, Field(max_length=200)]
