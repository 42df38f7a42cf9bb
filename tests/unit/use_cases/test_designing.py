"""Agents as their owner shapes them.  The store here refuses what Firestore would refuse for want of an index."""

from itertools import product

import pytest

from ohmyagent import records
from ohmyagent.domain.agents import Agent, AgentDraft, AgentStatus, AgentVersion, SlugLock, version_id
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


def test_the_first_version_is_the_agent_itself_until_there_is_a_second(world, user):
    agent = create(world, user)
    assert records.agent_versions.find(world.store, version_id(agent.id, 1)) is None
    (first,), cursor = designing.versions(world.store, user, agent.id)
    assert (first.version, first.draft, first.created_at, cursor) == (1, agent.draft, agent.created_at, None)

    designing.save(world.store, MODELS, user, agent.id, draft(name="둘"), now=world.later(seconds=9))

    second, kept = designing.versions(world.store, user, agent.id)[0]
    assert ((second.version, second.draft.name), kept) == ((2, "둘"), first)
    assert designing.versions(world.store, user, agent.id, limit=1)[0] == [second]


def test_going_back_to_the_first_version_works_while_it_is_the_only_one(world, user):
    agent = create(world, user)
    back = designing.rollback(world.store, MODELS, user, agent.id, 1, now=world.now)
    assert (back.version, back.draft) == (2, agent.draft)
    assert [v.version for v in designing.versions(world.store, user, agent.id)[0]] == [2, 1]


def test_a_file_that_became_the_first_version_is_kept_with_it(world, user):
    text = "---\nname: news\nx-unknown: kept\n---\n요약해 줘\n"
    agent = designing.imported(world.store, MODELS, user, text, now=world.now)
    assert designing.exported(world.store, user, agent.id) == text
    designing.save(world.store, MODELS, user, agent.id, draft(), now=world.now, source="other")
    designing.rollback(world.store, MODELS, user, agent.id, 1, now=world.now)
    assert designing.exported(world.store, user, agent.id) == text


def test_an_agent_is_renamed_to_a_name_that_is_free_and_leaves_its_own(world, user):
    one, _ = create(world, user, slug="one"), create(world, user, slug="two")
    with pytest.raises(AlreadyExists):
        designing.save(world.store, MODELS, user, one.id, draft(slug="two"), now=world.now)
    assert designing.find(world.store, user, one.id) == one
    renamed = designing.save(world.store, MODELS, user, one.id, draft(slug="three"), now=world.now)
    assert (renamed.slug, create(world, user, slug="one").slug) == ("three", "one")


def test_a_name_that_an_id_gives_is_not_given_twice(world, user):
    first = create(world, user)
    designing.delete(world.store, user, first.id, now=world.now)
    create(world, user, slug=first.slug)
    back = designing.restore(world.store, user, first.id, now=world.now)
    assert back.slug == f"{first.slug}-2"


def test_agents_of_before_have_name_and_versions_as_they_had(world, user):
    old = Agent.designed(draft(slug="news"), id="a_old", user_id=user.id, now=world.now)
    records.agents.put(world.store, old.id, old)
    entry = AgentVersion.of_agent(old, "---\nname: news\n---\n요약해 줘\n", world.now)
    records.agent_versions.put(world.store, entry.id, entry)
    lock = SlugLock(id="slug_1", user_id=user.id, slug="news", agent_id=old.id)
    records.slugs.put(world.store, lock.id, lock)

    with pytest.raises(AlreadyExists):
        create(world, user, slug="news")
    designing.save(world.store, MODELS, user, old.id, draft(slug="other"), now=world.now)
    assert designing.versions(world.store, user, old.id)[0][-1] == entry
    assert create(world, user, slug="news").slug == "news"


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
