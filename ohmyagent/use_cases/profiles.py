"""What people may change about themselves."""

from typing import Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.ports import Store, Transaction


def change(store: Store, user: User, changes: dict[str, Any]) -> User:
    """The user with other values for `name`, `locale` or `timezone`, which must be checked already."""

    def work(tx: Transaction) -> User:
        return records.users.put(tx, user.id, records.users.get(tx, user.id).replace(**changes))

    return store.transact(work)
