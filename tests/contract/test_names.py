"""Two agents of a user never have one name, whoever comes between, on every store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.errors import AlreadyExists
from ohmyagent.ports import Query
from ohmyagent.use_cases import designing
from tests.world import MODELS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
USER = User(id="u_kim", kind=UserKind.OWNER, name="Kim", plan="owner", created_at=NOON)


class Slow:
    """The store, but after it has said that a name is free somebody else is faster, once."""

    def __init__(self, store: Any, meanwhile: Callable[[], object]) -> None:
        self._store = store
        self._meanwhile: Callable[[], object] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def query(self, query: Query) -> Any:
        found, meanwhile = self._store.query(query), self._meanwhile
        if meanwhile and any(where.field == "slug" for where in query.where):
            self._meanwhile = None
            meanwhile()
        return found


def make(store: Any, slug: str) -> Agent:
    draft = AgentDraft(name="뉴스", slug=slug, final_prompt="요약해 줘")
    return designing.create(store, MODELS, USER, draft, now=NOON)


def rename(store: Any, agent: Agent, slug: str) -> Agent:
    return designing.save(store, MODELS, USER, agent.id, agent.draft.replace(slug=slug), now=NOON)


def names(store: Any) -> list[str]:
    return sorted(agent.slug for agent in records.agents.page(store)[0])


@pytest.mark.parametrize("rival", ["makes", "renames"])
@pytest.mark.parametrize("act", ["make", "rename"])
def test_who_finds_a_name_free_and_is_too_late_is_refused(store: Any, act: str, rival: str) -> None:
    one, other = make(store, "one"), make(store, "other")
    late: Any = Slow(store, lambda: make(store, "news") if rival == "makes" else rename(store, other, "news"))
    with pytest.raises(AlreadyExists):
        make(late, "news") if act == "make" else rename(late, one, "news")
    assert names(store) == sorted(["news", "one", *(["other"] if rival == "makes" else [])])


def test_who_finds_a_name_free_and_sees_another_taken_gets_it(store: Any) -> None:
    late: Any = Slow(store, lambda: make(store, "other"))
    make(late, "news")
    assert names(store) == ["news", "other"]


def test_of_many_who_make_one_name_at_once_one_does(store: Any) -> None:
    def one(_: int) -> bool:
        try:
            make(store, "news")
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
    assert names(store) == ["news"]
