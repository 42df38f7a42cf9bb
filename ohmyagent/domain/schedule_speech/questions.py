"""What is asked back when a sentence leaves something open, with the schedules it may have meant."""

from dataclasses import dataclass
from enum import StrEnum

from ohmyagent.domain.schedule_words import Words
from ohmyagent.domain.schedules import Schedule


class Asked(StrEnum):
    """What was left open."""

    TIME = "time"
    HALF = "half"
    DAY = "day"
    RECURRENCE = "recurrence"
    INTERVAL = "interval"
    MIDNIGHT = "midnight"
    MONTH_END = "month_end"


SENTENCES = {
    Asked.TIME: Words("몇 시에 실행할까요?", "At what time?"),
    Asked.HALF: Words("오전인가요, 오후인가요?", "In the morning, or in the afternoon or evening?"),
    Asked.DAY: Words("어느 날에 실행할까요?", "On which day?"),
    Asked.RECURRENCE: Words("얼마나 자주 실행할까요?", "How often?"),
    Asked.INTERVAL: Words(
        "하루를 고르게 나누는 간격만 쓸 수 있습니다. 가까운 간격을 골라 주세요.",
        "Only intervals that divide the day evenly can be kept. Which one is close enough?",
    ),
    Asked.MIDNIGHT: Words(
        "그날이 시작되는 0시인가요, 끝나는 24시인가요?", "Midnight at the start of that day, or at its end?"
    ),
    Asked.MONTH_END: Words(
        "그 날짜가 없는 달에는 실행되지 않습니다. 어느 쪽으로 할까요?",
        "It would not run in months without that day. Which one do you mean?",
    ),
}


@dataclass(frozen=True)
class Question:
    """Not enough was said.  `choices`: the likeliest schedules, which may not have the one that was meant."""

    asked: Asked
    choices: tuple[Schedule, ...]

    @property
    def text(self) -> Words:
        return SENTENCES[self.asked]
