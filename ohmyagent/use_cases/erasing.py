"""The end of an account: asked for once, done in rounds that may be interrupted anywhere, proved by a scan.

What is left is what a round finds, so nothing needs to be remembered but that it was asked for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.audit import Act, AuditEntry
from ohmyagent.domain.errors import Forbidden, Gone
from ohmyagent.domain.executions import OWNED, Execution, Launch, Status
from ohmyagent.domain.platform import Erasure
from ohmyagent.domain.record import Record
from ohmyagent.domain.runner import Pace
from ohmyagent.domain.suppression import address_id
from ohmyagent.domain.text import digest
from ohmyagent.ports import Files, Queue, Store, Transaction, Where
from ohmyagent.records.holdings import AUDIT, ERASED
from ohmyagent.use_cases import designing, running

log = structlog.get_logger()

ERASED_ID = "erased"
"""Stands in the audit log for whoever is gone."""
MOST_A_ROUND = 1_000
"""Documents and files of one account in one round, so that a round ends soon."""
SETTLED = timedelta(minutes=1)
"""How long scans must find nothing: until then something under way might still write."""


def ask(store: Store, user: User, now: datetime) -> None:
    """The account ends: nobody is signed in to it any more, its name and address are gone at once.

    Raises Forbidden for the owner of a local platform, whose account is the data folder.
    """
    if user.kind is UserKind.OWNER:
        raise Forbidden(
            "The owner of this machine's platform cannot be deleted; delete its data folder instead.",
            korean="이 컴퓨터의 소유자 계정은 삭제할 수 없습니다. 대신 데이터 폴더를 지워 주세요.",
        )

    def work(tx: Transaction) -> None:
        current = records.users.get(tx, user.id)
        id = erasure_id(user.id)
        if current.deleted_at is not None:
            return
        if current.google_id is not None:
            records.google_identities.delete(tx, digest(current.google_id))
        blank = current.signed_out_everywhere().replace(
            email=None, google_id=None, verified_email=False, name="-", picture=None, deleted_at=now
        )  # fmt: skip
        if current.email is not None:
            records.suppressions.delete(tx, address_id(current.email))
        entry = AuditEntry.made(Act.ERASURE_ASKED, user.id, now, user_id=user.id)
        records.audit.create(tx, entry.id, entry)
        records.erasures.put(tx, id, Erasure(id=id, user_id=user.id, requested_at=now))
        records.users.put(tx, user.id, blank)

    store.transact(work)


def erasure_id(user_id: str) -> str:
    return digest(user_id)


def round(store: Store, queue: Queue, files: Files, pace: Pace, now: datetime) -> int:
    """Go on with every account that is to end; returns how many came to their end."""
    open, _ = records.erasures.page(store, Where("finishedAt", "==", None), limit=20)
    return sum(_go_on(store, queue, files, erasure, pace, now) for erasure in open)


def _go_on(store: Store, queue: Queue, files: Files, erasure: Erasure, pace: Pace, now: datetime) -> bool:
    user = records.users.find(store, erasure.user_id or "-")
    if user is not None and _stopping(store, queue, user, pace, now):
        return False
    names = _names(store, erasure.user_id or "-")
    counts: dict[str, int] = {}
    for name in names:
        for holding, count in _deleted(store, files, name).items():
            counts[holding] = counts.get(holding, 0) + count
    total = dict(erasure.deleted)
    for name, count in counts.items():
        total[name] = total.get(name, 0) + count
    clean_since = None if counts else erasure.clean_since or now
    erasure = erasure.replace(deleted=total, clean_since=clean_since)
    if clean_since is None or now < clean_since + SETTLED:
        records.erasures.put(store, erasure.id, erasure)
        return False
    for name in names:
        records.users.delete(store, name)
    left = [count for name in names for count in remaining(store, files, name).values()]
    records.erasures.put(
        store, erasure.id, erasure.replace(user_id=None, finished_at=now, remaining=sum(left))
    )  # fmt: skip
    log.info("account erased", documents=sum(total.values()), remaining=sum(left))
    return True


def _names(store: Store, user_id: str) -> list[str]:
    """The user's id and those of guests whose work has moved to it, and who are nobody since."""
    guests, _ = records.users.page(store, Where("movedTo", "==", user_id), limit=100)
    return [*(guest.id for guest in guests), user_id]


def _stopping(store: Store, queue: Queue, user: User, pace: Pace, now: datetime) -> bool:
    """Take the agents off their schedules and stop what runs; whether anything still does."""
    agents, _ = records.agents.page(
        store, Where("userId", "==", user.id), Where("deletedAt", "==", None), newest="createdAt", limit=100
    )  # fmt: skip
    for agent in agents:
        designing.delete(store, user, agent.id, now=now)
    live = [run for status in (Status.QUEUED, *sorted(OWNED)) for run in _runs(store, user, status)]
    for run in live:
        try:
            running.cancel(store, queue, user, run.id, pace=pace, now=now)
        except Gone:
            continue  # it has ended meanwhile
    return bool(agents) or any(_runs(store, user, status) for status in OWNED)


def _runs(store: Store, user: User, status: Status) -> list[Execution]:
    where = Where("userId", "==", user.id), Where("status", "==", status.value)
    return records.executions.page(store, *where, newest="createdAt", limit=100)[0]


def _deleted(store: Store, files: Files, user_id: str) -> dict[str, int]:
    """Delete up to `MOST_A_ROUND` of what is the user's; returns how many by collection."""
    counts: dict[str, int] = {}
    for holding in ERASED:
        while sum(counts.values()) < MOST_A_ROUND and (found := holding.of(store, user_id)):
            counts[holding.name] = counts.get(holding.name, 0)
            for record in found:
                if isinstance(record, Execution):
                    delete_launch(store, record)
                counts[holding.name] += holding.delete(store, record)
    for entry in AUDIT.of(store, user_id):
        _anonymise(store, entry, user_id)
        counts[AUDIT.name] = counts.get(AUDIT.name, 0) + 1
    for key in _bodies(files, user_id):
        if sum(counts.values()) >= MOST_A_ROUND:
            break
        files.delete(key)
        counts["files"] = counts.get("files", 0) + 1
    return counts


def delete_launch(store: Store, execution: Execution) -> None:
    """A launch that is shared stays for the others; it holds ids of runs only, and goes with age."""
    if not Launch.is_document(execution.launch_id):
        return
    launch = records.launches.find(store, execution.launch_id)
    if launch is not None and launch.executions == (execution.id,):
        records.launches.delete(store, launch.id)


def _anonymise(store: Store, entry: Record, user_id: str) -> None:
    """The one change that an entry ever sees: its person's id goes."""
    assert isinstance(entry, AuditEntry)
    named = {"user_id": entry.user_id, "actor_id": entry.actor_id}
    gone = {name: ERASED_ID for name, value in named.items() if value == user_id}
    records.audit.put(store, entry.id, entry.replace(**gone))


def _bodies(files: Files, user_id: str) -> Iterator[str]:
    for folder in ("agents", "uploads"):
        yield from files.listed(f"{folder}/{user_id}/")


def remaining(store: Store, files: Files, user_id: str) -> dict[str, int]:
    """The scan: what is still there of a user, by collection; empty when nothing is."""
    found = {holding.name: len(holding.of(store, user_id)) for holding in (*ERASED, AUDIT)}
    found["users"] = int(records.users.find(store, user_id) is not None)
    found["files"] = sum(1 for _ in _bodies(files, user_id))
    return {name: count for name, count in found.items() if count}
