"""Agents as their owner shapes them.  The store here refuses what Firestore would refuse for want of an index."""

from itertools import product

import pytest

from ohmyagent.domain.agents import AgentDraft, AgentStatus
from ohmyagent.domain.errors import AlreadyExists, Conflict, Invalid, KeyReused, NotFound, PreconditionFailed
from ohmyagent.domain.executions import Status
from ohmyagent.use_cases import designing, running
from tests.world import MODELS


@pytest.fixture
def user(world):
    return world.user()


def draft(**fields) -> AgentDraft:
    return AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘"} | fields)


def create(world, user, key=None, **fields):
    return designing.create(world.store, MODELS, user, draft(**fields), now=world.later(seconds=1), key=key)


def test_every_way_of_listing_agents_and_runs_has_its_index(world, user):
    agent = create(world, user, tags=["일"])
    run = world.request(user, agent)
    for status, tag in product((None, AgentStatus.ACTIVE, AgentStatus.PAUSED), (None, "일")):
        found, _ = designing.page(world.store, user, status=status, tag=tag)
        assert [a.id for a in found] == ([] if status is AgentStatus.PAUSED else [agent.id])
    for agent_id, status, since in product((None, agent.id), (None, Status.QUEUED), (None, run.created_at)):
        found, _ = running.page(world.store, user, agent_id=agent_id, status=status, since=since)
        assert [e.id for e in found] == [run.id]


def test_pages_follow_each_other_newest_first(world, user):
    made = [create(world, user, name=f"에이전트 {n}").id for n in range(5)]
    first, cursor = designing.page(world.store, user, limit=3)
    rest, end = designing.page(world.store, user, limit=3, cursor=cursor)
    assert ([a.id for a in (*first, *rest)], end) == (made[::-1], None)
    with pytest.raises(Invalid):
        designing.page(world.store, user, cursor="tampered")


def test_a_slug_is_unique_within_its_user_until_its_agent_is_deleted(world, user):
    first = create(world, user, slug="news")
    with pytest.raises(AlreadyExists):
        create(world, user, slug="news")
    create(world, world.user("u2"), slug="news")
    designing.delete(world.store, user, first.id, now=world.now)
    second = create(world, user, slug="news")
    back = designing.restore(world.store, user, first.id, now=world.now)
    assert (back.status, back.slug != second.slug) == (AgentStatus.PAUSED, True)
    with pytest.raises(Conflict):
        designing.restore(world.store, user, first.id, now=world.now)


def test_the_same_key_is_the_same_agent(world, user):
    first = create(world, user, key="k")
    assert create(world, user, key="k") == first
    with pytest.raises(KeyReused):
        create(world, user, key="k", name="다른 이름")


def test_every_change_is_a_version_and_one_can_go_back(world, user):
    agent = create(world, user)
    designing.save(world.store, MODELS, user, agent.id, draft(name="둘"), now=world.now, expected=1)
    with pytest.raises(PreconditionFailed):
        designing.save(world.store, MODELS, user, agent.id, draft(name="셋"), now=world.now, expected=1)
    back = designing.rollback(world.store, MODELS, user, agent.id, 1, now=world.now)
    assert (back.name, back.version) == ("뉴스", 3)
    versions, _ = designing.versions(world.store, user, agent.id)
    assert [v.version for v in versions] == [3, 2, 1]
    with pytest.raises(NotFound):
        designing.rollback(world.store, MODELS, user, agent.id, 9, now=world.now)


def test_saving_without_end_keeps_no_more_than_the_newest_versions(world, user):
    agent, most = create(world, user), designing.KEPT_VERSIONS
    for number in range(most + 2):
        designing.save(world.store, MODELS, user, agent.id, draft(name=f"{number}"), now=world.now)
    kept, _ = designing.versions(world.store, user, agent.id, limit=100)
    assert [v.version for v in kept] == list(range(most + 3, 3, -1))
    with pytest.raises(NotFound):
        designing.rollback(world.store, MODELS, user, agent.id, 3, now=world.now)
    assert designing.rollback(world.store, MODELS, user, agent.id, 4, now=world.now).name == "2"
    assert designing.exported(world.store, user, agent.id)


def test_a_merge_patch_changes_what_it_names(world, user):
    agent = create(world, user, limits={"maxTurns": 7})
    patched = designing.patched(agent, {"limits": {"timeoutSeconds": 60}, "description": "x"})
    assert (patched["limits"]["maxTurns"], patched["limits"]["timeoutSeconds"]) == (7, 60)
    assert patched["description"] == "x"


def test_a_model_that_is_not_offered_is_refused_by_name(world, user):
    with pytest.raises(Invalid) as refused:
        create(world, user, model="gpt-9")
    assert refused.value.errors[0].field == "model"


def test_an_agent_of_somebody_else_is_not_there(world, user):
    agent = create(world, user)
    stranger = world.user("u2")
    for act in (
        lambda: designing.find(world.store, stranger, agent.id),
        lambda: designing.save(world.store, MODELS, stranger, agent.id, draft(), now=world.now),
        lambda: designing.delete(world.store, stranger, agent.id, now=world.now),
        lambda: designing.exported(world.store, stranger, agent.id),
        lambda: designing.versions(world.store, stranger, agent.id),
    ):
        with pytest.raises(NotFound):
            act()
