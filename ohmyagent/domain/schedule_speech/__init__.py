"""A schedule from the words of a person, for the common shapes only.

Rules take a sentence apart letter by letter.  Whatever is left over, contradicts itself or may mean two things is not
guessed: then there is no schedule, or a question with the schedules it may have meant.
"""

import re
import unicodedata

from pydantic import ValidationError

from ohmyagent.domain.schedule_speech import english, korean
from ohmyagent.domain.schedule_speech.answer import answer
from ohmyagent.domain.schedule_speech.pieces import taken_apart
from ohmyagent.domain.schedule_speech.questions import Asked, Question
from ohmyagent.domain.schedule_speech.sentence import Unclear, understood
from ohmyagent.domain.schedule_speech.spotting import Spotted, spotted
from ohmyagent.domain.schedules import Schedule

__all__ = ["LONGEST", "Asked", "Question", "Spotted", "heard", "heard_in"]

LONGEST = 200
"""Letters; a longer text is no schedule."""


def heard(text: str, zone: str) -> Schedule | Question | None:
    """The schedule a text means, a question when it leaves something open, or None when it is not understood.

    `zone` (IANA) is that of the person, unless the text names one.
    """
    if len(text) > LONGEST:
        return None
    said = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower()
    rules = korean.RULES if re.search("[가-힣]", said) else english.RULES
    pieces = taken_apart(said, rules)
    if not pieces:
        return None
    try:
        return answer(understood(pieces), zone)
    except (Unclear, ValidationError):
        return None


def heard_in(text: str, zone: str) -> Spotted | None:
    """The schedule that a longer text mentions, or the question about it, with the words that say it."""
    return spotted(text, lambda phrase: heard(phrase, zone))
