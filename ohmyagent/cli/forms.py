"""Money, tokens, times and sizes as a person reads them."""

from datetime import UTC, datetime
from typing import Any

from ohmyagent.cli import words

SHORT = 10
"""So many characters of an id tell it from the others; commands take any beginning that does."""


def short(identity: str) -> str:
    return identity[:SHORT]


def money(micro_usd: int | None, partial: bool = False) -> str:
    """Dollars with as many decimals as matter: neither what is unknown nor what is tiny is shown as 0."""
    if micro_usd is None:
        return words.UNKNOWN()
    decimals = 2 if micro_usd == 0 or micro_usd >= 100_000 else 4 if micro_usd >= 1_000 else 6
    dollars = f"${micro_usd / 1e6:,.{decimals}f}"
    return words.AT_LEAST(cost=dollars) if partial else dollars


def cost(execution: dict[str, Any]) -> str:
    return money(execution["costMicroUsd"], execution["costPartial"])


def kind(execution: dict[str, Any]) -> str:
    """What kind of result it left, marked where that was only inferred; empty without one."""
    found = words.KINDS.get(execution["resultKind"] or "")
    if found is None:
        return ""
    return words.INFERRED(kind=found()) if execution["resultKindSource"] == "inferred" else found()


def tokens(usage: dict[str, int] | None) -> str:
    """All tokens that went in and out, cached ones too."""
    return words.UNKNOWN() if usage is None else words.TOKENS(count=f"{sum(usage.values()):,}")


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def when(text: str | None) -> str:
    """An instant in this machine's zone, to the minute."""
    time = moment(text)
    return "–" if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M")


def seconds(count: float) -> str:
    if count < 60:
        return words.SECONDS(seconds=f"{count:.1f}")
    minutes, rest = divmod(round(count), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return words.HOURS(hours=hours, minutes=f"{minutes:02d}")
    return words.MINUTES(minutes=minutes, seconds=f"{rest:02d}")


def took(execution: dict[str, Any]) -> str:
    """From the start of the run to its end, or to this moment."""
    start, end = moment(execution["startTime"]), moment(execution["endTime"])
    if start is None:
        return "–"
    return seconds(max(0.0, ((end or datetime.now(UTC)) - start).total_seconds()))


def size(count: int) -> str:
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1_000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def state(name: str) -> str:
    known = words.STATES.get(name)
    return known() if known else name


def model(execution: dict[str, Any]) -> str:
    """The model that answers; the demo model is called what it is."""
    return words.DEMO_MODEL() if execution["modelMode"] == "demo" else str(execution["model"])
