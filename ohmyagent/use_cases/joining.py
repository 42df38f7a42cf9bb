"""The beta programme: applying once, deciding, and the mails that follow from what an application has become."""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.audit import Act, AuditEntry
from ohmyagent.domain.beta import BetaApplication, BetaRequest, BetaStatus, application_id
from ohmyagent.domain.errors import Forbidden, Gone, NotFound
from ohmyagent.domain.mail import MailKind, OutboxMail
from ohmyagent.domain.text import digest
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import mails, vouching
from ohmyagent.use_cases.vouching import Office

PURPOSE = "beta decision"
LINK_LENGTH = timedelta(days=7)
APPROVED = "approved"
BELOW = ("guest", "waiting")
"""Plans that an approval lifts; it never takes anything away."""


def apply(store: Store, user: User, wanted: BetaRequest, now: datetime) -> tuple[BetaApplication, bool]:
    """The user's one application, and whether it is new.  Raises Forbidden for who has not signed in with Google."""
    if user.kind is not UserKind.GOOGLE:
        raise Forbidden(
            "Sign in with Google first; guests cannot apply for the beta.",
            korean="먼저 Google로 로그인해 주세요. 게스트는 베타를 신청할 수 없습니다.",
        )

    def work(tx: Transaction) -> tuple[BetaApplication, bool]:
        found = records.beta_applications.find(tx, application_id(user.id))
        if found is not None:
            return found, False
        received = BetaApplication.received(user.id, wanted, now)
        return records.beta_applications.create(tx, received.id, received), True

    return store.transact(work)


def of_user(store: Store, user: User) -> BetaApplication:
    """Raises NotFound for who has not applied."""
    return records.beta_applications.get(store, application_id(user.id))


def page(
    store: Store, *, status: BetaStatus | None, limit: int, cursor: str | None
) -> tuple[list[BetaApplication], str | None]:
    """Applications of everybody, newest first: for administrators."""
    where = [Where("status", "==", status.value)] if status else []
    return records.beta_applications.page(store, *where, newest="createdAt", limit=limit, after=cursor)


def decide(
    store: Store, application: str, status: BetaStatus, actor_id: str, now: datetime, *, how: str = "page"
) -> BetaApplication:
    """Approve (which lifts the user's plan) or reject.  The same decision again changes nothing.

    Raises NotFound, and Conflict when an approval would be taken back.
    """

    def work(tx: Transaction) -> BetaApplication:
        before = records.beta_applications.get(tx, application)
        user = records.users.get(tx, before.user_id)
        after = before.decided(status, now)
        if after.status is before.status:
            return before
        if status is BetaStatus.APPROVED:
            plan = APPROVED if user.plan in BELOW else user.plan
            records.users.put(tx, user.id, user.replace(plan=plan, beta_approved=True))
        act = Act.BETA_APPROVED if status is BetaStatus.APPROVED else Act.BETA_REJECTED
        entry = AuditEntry.made(act, actor_id, now, user_id=user.id, how=how)
        records.audit.create(tx, entry.id, entry)
        return records.beta_applications.put(tx, after.id, after)

    return store.transact(work)


def of_link(store: Store, office: Office, token: str, now: datetime) -> tuple[BetaApplication, User, str]:
    """The application that a link in a notice is for, who applied, and the digest of the address it was sent to.

    Works once: raises Gone when it was decided meanwhile or the link has expired, NotFound for any other text and
    for an address that administers no more.
    """
    fields = vouching.vouched(office.key, PURPOSE, token, now)
    if fields.get("to", "") not in [digest(address) for address in office.admin_emails]:
        raise NotFound()
    application = records.beta_applications.find(store, fields.get("application", "-"))
    user = records.users.find(store, application.user_id) if application else None
    if application is None or user is None:
        raise NotFound()
    if application.status is not BetaStatus.RECEIVED:
        raise Gone("This application has been decided already.", korean="이미 처리된 신청입니다.")
    return application, user, fields["to"]


def decide_by_link(store: Store, office: Office, token: str, status: BetaStatus, now: datetime) -> BetaApplication:
    """What `decide` does, by a link in a notice; raises what `of_link` does."""
    application, _, to = of_link(store, office, token, now)
    return decide(store, application.id, status, f"mail_{to[:16]}", now, how="link")


def write_mails(store: Store, office: Office, application: str, now: datetime) -> None:
    """The mails that the application's present state asks for, each written once however often this is called.

    For whoever hears that it was written: it reads it again, so late, repeated and swapped events change nothing.
    """
    found = records.beta_applications.find(store, application)
    user = records.users.find(store, found.user_id) if found else None
    if found is None or user is None:
        return
    wanted = [mails.to_applicant(MailKind.BETA_RECEIVED, user, found, now)]
    if found.status is BetaStatus.RECEIVED:
        wanted += [_notice(store, office, address, user, found, now) for address in office.admin_emails]
    else:
        approved = found.status is BetaStatus.APPROVED
        kind = MailKind.BETA_APPROVED if approved else MailKind.BETA_REJECTED
        wanted.append(mails.to_applicant(kind, user, found, now))
    store.transact(lambda tx: _write_once(tx, wanted))


def _write_once(tx: Transaction, wanted: list[OutboxMail]) -> None:
    new = [mail for mail in wanted if records.outbox.find(tx, mail.id) is None]
    for mail in new:
        records.outbox.put(tx, mail.id, mail)


def _notice(
    store: Store, office: Office, address: str, applicant: User, application: BetaApplication, now: datetime
) -> OutboxMail:
    fields = {"application": application.id, "to": digest(address)}
    link = vouching.token(office.key, PURPOSE, fields, now + LINK_LENGTH)
    known, _ = records.users.page(store, Where("email", "==", address), limit=1)
    language = known[0].locale if known else "ko"
    return mails.to_admin(address, language, applicant, application, f"api/beta/decisions/{link}", now)
