"""The mails of the beta programme: to who applied, and to who decides."""

from datetime import datetime

from ohmyagent.domain.accounts import Locale, User
from ohmyagent.domain.beta import BetaApplication
from ohmyagent.domain.mail import ADMINS, Fact, MailKind, MailState, OutboxMail
from ohmyagent.domain.moments import moment
from ohmyagent.domain.text import derived_id, digest
from ohmyagent.use_cases.mails.sayings import BETA_FACTS, said, saying

PLACE = "#/account"


def to_applicant(kind: MailKind, user: User, application: BetaApplication, now: datetime) -> OutboxMail:
    """What became of the application, for who applied; one for each kind."""
    words = saying(kind, user.locale)
    return OutboxMail(
        id=derived_id("m", kind.value, application.id),
        user_id=user.id,
        kind=kind,
        to=user.email,
        language=user.locale,
        subject=words.subject,
        lines=words.lines,
        place=PLACE,
        state=MailState.QUEUED if user.email else MailState.NO_ADDRESS,
        created_at=now,
        due_at=now,
    )


def to_admin(
    address: str, language: Locale, applicant: User, application: BetaApplication, place: str, now: datetime
) -> OutboxMail:
    """Who applied and what for, with a link to decide; what the applicant typed is in the body only."""
    words = saying(MailKind.BETA_NOTICE, language)
    facts = {
        "name": applicant.name,
        "email": applicant.email or "-",
        "at": moment(application.created_at, "Asia/Seoul", language),
    }
    return OutboxMail(
        id=derived_id("m", MailKind.BETA_NOTICE.value, application.id, digest(address)),
        user_id=ADMINS,
        subject_id=applicant.id,
        kind=MailKind.BETA_NOTICE,
        to=address,
        language=language,
        subject=words.subject,
        lines=words.lines,
        facts=tuple(Fact(name=said(BETA_FACTS[name], language), value=value) for name, value in facts.items()),
        body=application.purpose,
        place=place,
        created_at=now,
        due_at=now,
    )
