"""Which minute of the day a spoken time means, and when it may mean two."""

from ohmyagent.domain.schedule_speech.pieces import Clock

_FORENOON = {hour: hour for hour in range(1, 12)}
_AFTERNOON = {hour: hour + 12 for hour in range(1, 12)}


def _among(hours: dict[int, int], first: int, last: int) -> dict[int, int]:
    return {hour: meant for hour, meant in hours.items() if first <= hour <= last}


PARTS: dict[str, dict[int, int]] = {
    "am": _FORENOON | {0: 0, 12: 0},
    "pm": _AFTERNOON | {12: 12},
    "dawn": _among(_FORENOON, 1, 6) | {0: 0, 12: 0},
    "morning": _among(_FORENOON, 5, 11),
    "midday": _among(_AFTERNOON, 1, 4) | {11: 11, 12: 12},
    "afternoon": _among(_AFTERNOON, 1, 6) | {12: 12},
    "evening": _among(_AFTERNOON, 5, 11),
    "night": _among(_AFTERNOON, 7, 11) | {0: 0, 12: 0},
}
"""Part of the day → hour as it is said → hour of the day."""
USUAL = {
    "am": (9, 11), "pm": (14, 18), "dawn": (5, 6), "morning": (8, 9), "midday": (12, 13), "afternoon": (14, 15),
    "evening": (18, 19), "night": (21, 22),
}  # fmt: skip
"""Part of the day → hours to offer when none was said."""
OFFICE = range(9, 12)
"""Hours that need no part of the day: nobody says nine for the evening without saying evening."""


def meanings(clock: Clock) -> tuple[int, ...]:
    """The minutes of the day that it may mean: one, two when it is open, none when it makes no sense."""
    return tuple(hour * 60 + clock.minute for hour in _hours(clock) if clock.minute < 60)


def _hours(clock: Clock) -> tuple[int, ...]:
    hour = clock.hour
    if clock.part is not None:
        meant = PARTS[clock.part]
        if hour in meant:
            return (meant[hour],)
        return (hour,) if hour > 12 and hour in meant.values() else ()
    if hour > 23:
        return ()
    if clock.exact or hour == 0 or hour > 12 or hour in OFFICE:
        return (hour,)
    return (12, 0) if hour == 12 else (hour, hour + 12)


def is_night_midnight(clock: Clock) -> bool:
    """Midnight at the end of an evening: of which day is not certain."""
    return clock.part == "night" and meanings(clock)[:1] < (60,)
