"""Reading the audit log."""

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.audit import AuditEntry
from ohmyagent.ports import Store, Where


def of_user(store: Store, user: User, *, limit: int, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
    """What concerns the user's own account, newest first."""
    owned = Where("userId", "==", user.id)
    return records.audit.page(store, owned, newest="at", limit=limit, after=cursor)


def page(store: Store, *, limit: int, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
    """Everything, newest first: for administrators."""
    return records.audit.page(store, newest="at", limit=limit, after=cursor)
