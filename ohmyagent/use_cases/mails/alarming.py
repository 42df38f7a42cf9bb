"""The mails to who looks after the platform: the clock of the schedules stood still, and goes again."""

from datetime import datetime

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.mail import ADMINS, Fact, MailKind, OutboxMail
from ohmyagent.domain.moments import moment
from ohmyagent.domain.text import derived_id, digest
from ohmyagent.use_cases.mails.sayings import TICK_FACTS, said, saying

LANGUAGE: Locale = "en"
"""Of an address nothing else is known: the mail says the same in Korean below."""
ZONE = "UTC"


def about_tick(kind: MailKind, address: str, since: datetime, now: datetime) -> OutboxMail:
    """The same silence is the same mail, by its beginning."""
    english, korean = saying(kind, "en"), saying(kind, "ko")
    instants = {"since": since} | ({"until": now} if kind is MailKind.TICK_BACK else {})
    said_at = {said(TICK_FACTS[name], "en"): moment(at, ZONE, "en") for name, at in instants.items()}
    return OutboxMail(
        id=derived_id("m", kind.value, since.isoformat(), digest(address)),
        user_id=ADMINS,
        kind=kind,
        to=address,
        language=LANGUAGE,
        subject=english.subject,
        lines=english.lines + korean.lines,
        facts=tuple(Fact(name=name, value=value) for name, value in said_at.items()),
        place="",
        created_at=now,
        due_at=now,
    )
