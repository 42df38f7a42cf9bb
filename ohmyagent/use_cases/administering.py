"""What administrators do: each act with its entry in the audit log, in one transaction."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.audit import Act, AuditEntry
from ohmyagent.domain.errors import Conflict, NotFound
from ohmyagent.domain.pauses import PausedReason
from ohmyagent.domain.plans import PlanName
from ohmyagent.domain.platform import PRESENT, Feedback, Platform
from ohmyagent.ports import Beat, Metronome, Store, Transaction, Where
from ohmyagent.use_cases import guarding, suppressing
from ohmyagent.use_cases.ticking.changes import left_behind


def users(store: Store, *, email: str | None, limit: int, cursor: str | None) -> tuple[list[User], str | None]:
    """Everybody, newest first; or who has that address."""
    if email is not None:
        return records.users.page(store, Where("email", "==", email), limit=limit, after=cursor)
    return records.users.page(store, newest="createdAt", limit=limit, after=cursor)


def find(documents: records.Documents, user_id: str) -> User:
    """Raises NotFound, also for an account that has ended."""
    user = records.users.find(documents, user_id)
    if user is None or user.deleted_at is not None:
        raise NotFound()
    return user


def suspend(store: Store, admin: User, user_id: str, now: datetime) -> User:
    """Nothing can be done with the account and no agent of it runs by itself.  Raises Conflict for one's own."""
    if user_id == admin.id or find(store, user_id).kind is UserKind.OWNER:
        raise Conflict("This account cannot be suspended.", korean="정지할 수 없는 계정입니다.")

    def work(tx: Transaction) -> User:
        user = find(tx, user_id)
        if user.suspended_at is not None:
            return user
        _note(tx, Act.SUSPENDED, admin, now, user_id)
        return records.users.put(tx, user.id, user.replace(suspended_at=now))

    user = store.transact(work)
    halt_agents(store, user, now)
    return user


def halt_agents(store: Store, user: User, now: datetime) -> None:
    """Take the suspended user's agents off their schedules; those that a suspension finds later stop with their run."""
    cursor: str | None = None
    while True:
        where = Where("userId", "==", user.id), Where("deletedAt", "==", None)
        agents, cursor = records.agents.page(store, *where, newest="createdAt", limit=100, after=cursor)
        for agent in agents:
            if agent.scheduled:
                store.transact(lambda tx, id=agent.id: _halt(tx, id, now))  # type: ignore[misc]
        if cursor is None:
            return


def _halt(tx: Transaction, agent_id: str, now: datetime) -> None:
    agent = records.agents.find(tx, agent_id)
    if agent is None or not agent.scheduled:
        return
    after = agent.halted(PausedReason.SUSPENDED, now)
    left = left_behind(tx, agent, after, now)
    records.agents.put(tx, agent.id, after)
    for execution in left:
        records.executions.put(tx, execution.id, execution)


def unsuspend(store: Store, admin: User, user_id: str, now: datetime) -> User:
    """The account is as before; its agents go on with the next review."""

    def work(tx: Transaction) -> User:
        user = find(tx, user_id)
        if user.suspended_at is None:
            return user
        _note(tx, Act.UNSUSPENDED, admin, now, user_id)
        return records.users.put(tx, user.id, user.replace(suspended_at=None))

    return store.transact(work)


def set_plan(store: Store, admin: User, user_id: str, plan: PlanName, now: datetime) -> User:
    """Raises Conflict for the owner of a local platform, whose plan is fixed."""

    def work(tx: Transaction) -> User:
        user = find(tx, user_id)
        if user.kind is UserKind.OWNER or plan is PlanName.OWNER:
            raise Conflict("The owner's plan is fixed.", korean="소유자의 요금제는 바꿀 수 없습니다.")
        if user.plan == plan:
            return user
        _note(tx, Act.PLAN_SET, admin, now, user_id, plan.value)
        return records.users.put(tx, user.id, user.replace(plan=plan.value))

    return store.transact(work)


def pause_schedules(store: Store, admin: User, paused: bool, now: datetime) -> Platform:
    """The one switch: while it is set no schedule runs; what is due meanwhile is skipped with a reason."""

    def work(tx: Transaction) -> Platform:
        switches = records.platform.find(tx, PRESENT) or Platform()
        if (switches.schedules_paused_at is not None) is paused:
            return switches
        _note(tx, Act.SCHEDULES_PAUSED if paused else Act.SCHEDULES_RESUMED, admin, now, None)
        return records.platform.put(tx, PRESENT, switches.replace(schedules_paused_at=now if paused else None))

    return store.transact(work)


def pause_clock(store: Store, metronome: Metronome, admin: User, paused: bool, now: datetime) -> Beat:
    """Stop or start what sets off the tick: without it nothing happens by itself, of schedules, mails or lost runs.

    Raises NotFound when nothing sets it off, Unavailable.
    """
    if metronome.beat().runs is paused:
        (metronome.pause if paused else metronome.resume)()
        act = Act.CLOCK_PAUSED if paused else Act.CLOCK_RESUMED
        store.transact(lambda tx: _note(tx, act, admin, now, None))
    return metronome.beat()


def schedules_paused(documents: records.Documents) -> bool:
    switches = records.platform.find(documents, PRESENT)
    return switches is not None and switches.schedules_paused_at is not None


def note_bounce(store: Store, admin: User, address: str, now: datetime) -> None:
    """A mail to the address came back: it gets no more."""
    suppressing.bounced(store, address, now, for_good=True)
    store.transact(lambda tx: _note(tx, Act.BOUNCE_NOTED, admin, now, None))


def unblock(store: Store, admin: User, address: str, now: datetime) -> None:
    """Let a network address in again, in every process within seconds."""
    guarding.unblock(store, address)
    store.transact(lambda tx: _note(tx, Act.UNBLOCKED, admin, now, None))


def feedback(store: Store, *, limit: int, cursor: str | None) -> tuple[list[Feedback], str | None]:
    """What people said, newest first."""
    return records.feedback.page(store, newest="createdAt", limit=limit, after=cursor)


def _note(
    tx: Transaction, act: Act, admin: User, now: datetime, user_id: str | None, detail: str | None = None
) -> None:
    entry = AuditEntry.made(act, admin.id, now, user_id=user_id).replace(detail=detail)
    records.audit.create(tx, entry.id, entry)
