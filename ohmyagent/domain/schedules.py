"""When an agent is due: five cron fields in the agent's own zone, and what to do when it does not fit."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Line

_SOME_SUNDAY = datetime(2026, 1, 4)


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != 5:
        raise ValueError("needs five fields: minute hour day month weekday")
    try:
        next(CronSim(" ".join(fields), _SOME_SUNDAY))
    except (CronSimError, StopIteration):
        raise ValueError("is not a cron expression that ever comes due") from None
    return " ".join(fields)


@cache
def _zones() -> frozenset[str]:
    """Reading the names from disk takes milliseconds, and every user and schedule has one."""
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("is not an IANA time zone such as Asia/Seoul")
    ZoneInfo(name)
    return name


Cron = Annotated[str, Field(max_length=120), AfterValidator(_cron)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class OnHoliday(StrEnum):
    RUN = "run"
    SKIP = "skip"


class Overlap(StrEnum):
    SKIP = "skip"
    QUEUE = "queue"


class CatchUp(StrEnum):
    NONE = "none"
    LATEST = "latest"


class Schedule(Record):
    """When an agent runs by itself."""

    cron: Cron
    timezone: Zone = "Asia/Seoul"
    calendar: Literal["KR"] | None = None
    on_holiday: OnHoliday = OnHoliday.RUN
    last_business_day: bool = False
    overlap: Overlap = Overlap.SKIP
    catch_up: CatchUp = CatchUp.NONE
    text: Annotated[Line, Field(max_length=200)] | None = None


class Pulse(Record):
    """When the tick last came through."""

    at: Instant
