"""Which addresses get no mail: bounces counted, unsubscribing by a signed link, and turning mail on again."""

from collections.abc import Callable
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.mail import OutboxMail
from ohmyagent.domain.suppression import Suppression, address_id
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases import vouching
from ohmyagent.use_cases.vouching import Office

PURPOSE = "unsubscribe"


def reason(documents: records.Documents, mail: OutboxMail) -> str | None:
    """Why the mail must not be sent: `bounced`, or `unsubscribed`, which holds for notifications only."""
    found = records.suppressions.find(documents, address_id(mail.to or ""))
    if found is None:
        return None
    if found.dead:
        return "bounced"
    return "unsubscribed" if found.unsubscribed_at and mail.kind.is_notification else None


def link(office: Office, mail: OutboxMail) -> str | None:
    """The address that stops notifications when it is posted to; only notifications have one.  It does not expire."""
    if mail.to is None or not mail.kind.is_notification:
        return None
    token = vouching.token(office.key, PURPOSE, {"address": address_id(mail.to)})
    return f"{office.public_url}/api/mail/unsubscribe/{token}"


def check(office: Office, token: str, now: datetime) -> None:
    """Raises NotFound for anything but such a link's token."""
    vouching.vouched(office.key, PURPOSE, token, now)


def unsubscribe(store: Store, office: Office, token: str, now: datetime) -> None:
    """No more notifications to the link's address; again and again the same.  Raises NotFound for a bad token."""
    id = vouching.vouched(office.key, PURPOSE, token, now)["address"]
    _change(store, id, lambda before: before.unsubscribed(now))


def bounced(store: Store, address: str, now: datetime, *, for_good: bool = False) -> Suppression:
    """One more refusal for good; `for_good` says that somebody knows, as from a report that came back."""
    return _change(store, address_id(address), lambda before: before.bounced(now, 2 if for_good else 1))


def settle(tx: Transaction, before: Suppression | None, address: str, now: datetime, *, bounce: bool) -> None:
    """Count what one attempt showed; `before` was read in the transaction."""
    if bounce:
        after = (before or Suppression.of_address(address)).bounced(now)
        records.suppressions.put(tx, after.id, after)
    elif before is not None and before.bounces:
        records.suppressions.put(tx, before.id, before.replace(bounces=0, bounced_at=None))


def standing(store: Store, user: User) -> tuple[bool, bool]:
    """Whether the user's address gets notifications, and whether mail to it is refused."""
    found = records.suppressions.find(store, address_id(user.email)) if user.email else None
    return (found is None or found.unsubscribed_at is None), (found is not None and found.dead)


def choose(store: Store, user: User, wanted: bool, now: datetime) -> None:
    """Notifications on (which forgets bounces too) or off, for the user's address if there is one."""
    if user.email is not None:
        _change(store, address_id(user.email), lambda before: before.wanted() if wanted else before.unsubscribed(now))


def _change(store: Store, id: str, change: Callable[[Suppression], Suppression]) -> Suppression:
    def work(tx: Transaction) -> Suppression:
        before = records.suppressions.find(tx, id) or Suppression(id=id)
        return records.suppressions.put(tx, id, change(before))

    return store.transact(work)
