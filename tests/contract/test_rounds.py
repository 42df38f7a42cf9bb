"""What administrators see and what rounds delete, on every store, with no query that lacks its index."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ohmyagent import records
from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.domain.accounts import Session, User, UserKind
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.beta import BetaRequest, BetaStatus
from ohmyagent.domain.executions import ExecutionRequest
from ohmyagent.domain.platform import FeedbackRequest
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Query
from ohmyagent.records.indexes import missing_index
from ohmyagent.use_cases import (
    administering,
    auditing,
    designing,
    erasing,
    hearing,
    joining,
    overseeing,
    retaining,
    running,
)
from tests.world import MODELS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Indexed:
    """The store, but for queries that Firestore would refuse for want of an index."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def query(self, query: Query) -> Any:
        assert missing_index(query) is None, f"{query} needs {missing_index(query)}"
        return self._store.query(query)


def test_a_platform_is_overseen_tended_and_an_account_of_it_erased(store: Any, tmp_path: Path) -> None:
    here: Any = Indexed(store)
    files, queue = FolderFiles(tmp_path / "files", b"k" * 32), SqliteQueue(tmp_path / "queue.db")
    people = [
        User(id=f"u_{name}", kind=UserKind.GOOGLE, email=f"{name}@example.com", verified_email=True, name=name,
             plan="waiting", created_at=NOON - timedelta(days=10))
        for name in ("kim", "boss")
    ]  # fmt: skip
    for user in people:
        records.users.put(here, user.id, user)
        session = Session.opened(f"token {user.id}", user, NOON)
        records.sessions.put(here, session.id, session)
    kim, boss = people
    agent = designing.create(here, MODELS, kim, AgentDraft(name="뉴스", final_prompt="요약"), now=NOON)
    run = running.request(here, queue, MODELS, kim, agent.id, ExecutionRequest(input="자료"), now=NOON)
    files.write(f"agents/{kim.id}/{agent.id}/body", b"x")
    application, _ = joining.apply(here, kim, BetaRequest(purpose="x", consent=True), NOON)
    joining.decide(here, application.id, BetaStatus.APPROVED, boss.id, NOON)
    hearing.give(here, kim, FeedbackRequest(text="x"), NOON)

    seen = overseeing.overview(here, 28, NOON)
    assert (seen.people.active_now, seen.people.return_rate, seen.runs.waiting) == (2, 1.0, 1)
    assert (seen.feedback_this_week, seen.applications_waiting) == (1, 0)
    assert len(joining.page(here, status=BetaStatus.APPROVED, limit=10, cursor=None)[0]) == 1
    assert len(administering.users(here, email="kim@example.com", limit=10, cursor=None)[0]) == 1
    administering.suspend(here, boss, kim.id, NOON)
    assert [entry.act for entry in auditing.of_user(here, kim, limit=10, cursor=None)[0]]
    assert retaining.round(here, files, NOON) == 0

    erasing.ask(here, records.users.get(here, kim.id), NOON)
    for minutes in range(4):
        erasing.round(here, queue, files, Pace(), NOON + timedelta(minutes=minutes))
    assert records.executions.find(here, run.id) is None
    assert erasing.remaining(here, files, kim.id) == {}
    [erasure] = records.erasures.page(here)[0]
    assert (erasure.remaining, erasure.user_id) == (0, None)
    assert retaining.round(here, files, NOON + timedelta(days=400)) > 0
    assert records.users.find(here, boss.id) is not None
