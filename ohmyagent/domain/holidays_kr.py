"""Public holidays in Korea, substitute holidays (대체공휴일) included, as far as the law is known.

The table beside this file is made from the library `holidays` by scripts/holidays_kr.py, and a test holds it to that.
Sundays are public holidays in the law; here they are not, as whoever leaves holidays out does not mean every Sunday.
Source: Public Holidays Act (공휴일에 관한 법률) and its decree, as the library has them.
"""

from datetime import date
from functools import cache
from importlib import resources


def is_holiday(day: date) -> bool | None:
    """None before the table's first year and after its last."""
    days = _table()[1]
    return day in days[day.year] if day.year in days else None


def release() -> str:
    """The release of the library that the table is from."""
    return _table()[0]


@cache
def _table() -> tuple[str, dict[int, frozenset[date]]]:
    text = resources.files(__package__).joinpath("holidays_kr.txt").read_text(encoding="ascii")
    first, *lines = text.splitlines()
    years = (line.split() for line in lines)
    return first.removeprefix("release "), {int(year): _days(int(year), days) for year, *days in years}


def _days(year: int, days: list[str]) -> frozenset[date]:
    return frozenset(date(year, int(day[:2]), int(day[2:])) for day in days)
