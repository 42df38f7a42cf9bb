"""The draft of a conversation: changed once for each key, saved once for each revision, tried without any trace."""

import json

import pytest

from ohmyagent import records
from ohmyagent.domain.agents import AgentStatus
from ohmyagent.domain.conversations import Conversation
from ohmyagent.domain.errors import Conflict, Invalid, KeyReused, NotFound
from ohmyagent.domain.executions import Host, Status, Trigger
from ohmyagent.domain.runner import Outcome
from ohmyagent.domain.usage import month_id
from ohmyagent.ports import Liveness
from ohmyagent.use_cases import designing, drafting, pricing, rehearsing, running
from ohmyagent.use_cases.talking import events
from tests.world import sha256

WISH = {"name": "뉴스 요약", "finalPrompt": "뉴스를 요약해 줘", "schedule": {"cron": "0 9 * * *"}}
TALK = "v_talk"


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def talk(world, user):
    return opened(world, user)


def opened(world, user, agent_id=None, id=TALK):
    conversation = Conversation(
        id=id, user_id=user.id, agent_id=agent_id, title="대화", created_at=world.now, updated_at=world.now
    )
    return records.conversations.put(world.store, id, conversation)


def changed(world, user, patch, **more):
    return drafting.change(world.store, world.models, user, TALK, patch, now=world.now, **more)


def saved(world, user, revision, activate=False):
    return drafting.save(world.store, world.models, user, TALK, revision, activate=activate, now=world.now)


def rehearsed(world, user, revision, **more):
    return rehearsing.start(world.store, world.queue, world.models, user, TALK, revision, now=world.now, **more)


def tried(world, user, revision, cost=120, **more):
    """A trial run from the click to its end."""
    _, execution = rehearsed(world, user, revision, **more)
    claim = world.claim(execution, world.launch(execution))
    world.call(claim, cost=cost)
    return world.finish(claim), claim


def cards(world, kind):
    lines = [line.text for line in events.log(world.store, TALK, 0, limit=100).lines]
    return [event["data"] for event in map(json.loads, lines) if event["type"] == "card" and event["kind"] == kind]


def test_a_draft_begins_empty_and_says_what_it_lacks(world, user, talk):
    draft = drafting.present(world.store, user, TALK, world.now)
    assert (draft.revision, draft.agent.missing) == (0, ("name", "finalPrompt"))
    assert not draft.saved
    with pytest.raises(Invalid) as lacking:
        saved(world, user, 0)
    assert [error.field for error in lacking.value.errors] == ["agent.name", "agent.finalPrompt"]


def test_each_change_is_a_revision_and_says_which_fields(world, user, talk):
    first = changed(world, user, WISH)
    assert (first.revision, set(first.changed)) == (1, {"name", "finalPrompt", "schedule"})
    second = changed(world, user, {"schedule": {"cron": "0 8 * * *"}})
    assert (second.revision, second.changed) == (2, ("schedule",))
    assert changed(world, user, {"schedule": {"cron": "0 8 * * *"}}).revision == 2


def test_a_change_is_made_once_for_each_key(world, user, talk):
    changed(world, user, WISH, key="t1.use1")
    changed(world, user, {"name": "다른 이름"}, key="t1.use2")
    again = changed(world, user, WISH, key="t1.use1")
    assert (again.revision, again.agent.name) == (2, "다른 이름")


def test_a_stale_revision_and_a_wrong_field_change_nothing(world, user, talk):
    changed(world, user, WISH)
    with pytest.raises(Conflict):
        changed(world, user, {"name": "x"}, revision=0)
    for wrong, field in (
        ({"network": {"allow": ["localhost"]}}, "agent.network.allow.0"),
        ({"schedule": {"cron": "61 * * * *"}}, "agent.schedule.cron"),
        ({"status": "active"}, "agent.status"),
        ({"model": "gpt"}, "agent.model"),
        ({"nonsense": 1}, "agent.nonsense"),
    ):
        with pytest.raises(Invalid) as refused:
            changed(world, user, wrong)
        assert refused.value.errors[0].field == field
    assert drafting.present(world.store, user, TALK, world.now).revision == 1


def test_null_goes_back_to_the_default(world, user, talk):
    changed(world, user, WISH | {"limits": {"maxTurns": 5}})
    draft = changed(world, user, {"schedule": None, "limits": {"maxTurns": None}})
    assert draft.agent.schedule is None
    assert draft.agent.limits.max_turns == 30


def test_another_users_conversation_is_not_found(world, user, talk):
    other = world.user("u2")
    for attempt in (
        lambda: drafting.present(world.store, other, TALK, world.now),
        lambda: changed(world, other, WISH),
        lambda: saved(world, other, 0),
        lambda: rehearsed(world, other, 0),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_saving_makes_one_agent_however_often_it_is_asked(world, user, talk):
    changed(world, user, WISH)
    draft, agent = saved(world, user, 1)
    assert (agent.id, agent.status, agent.version) == (draft.agent_id, AgentStatus.DRAFT, 1)
    assert agent.next_run_at is None
    assert saved(world, user, 1)[1] == agent
    active = saved(world, user, 1, activate=True)[1]
    assert (active.id, active.status) == (agent.id, AgentStatus.ACTIVE)
    assert active.next_run_at is not None
    assert saved(world, user, 1, activate=True)[1].version == active.version
    found, _ = designing.page(world.store, user)
    assert [one.id for one in found] == [agent.id]


def test_an_active_agent_stays_active_when_its_next_version_is_saved(world, user, talk):
    changed(world, user, WISH)
    saved(world, user, 1, activate=True)
    changed(world, user, {"name": "새 이름"})
    _, agent = saved(world, user, 2)
    assert (agent.name, agent.status, agent.version) == ("새 이름", AgentStatus.ACTIVE, 2)


def test_a_draft_of_a_saved_agent_becomes_its_next_version(world, user):
    agent = world.agent(user, name="원래", description="그대로")
    opened(world, user, agent.id)
    draft = drafting.present(world.store, user, TALK, world.now)
    assert (draft.agent.name, draft.saved, draft.base_version) == ("원래", True, 1)
    draft = changed(world, user, {"name": "바뀐"})
    assert not draft.saved
    _, after = saved(world, user, draft.revision)
    assert (after.id, after.version, after.name, after.description) == (agent.id, 2, "바뀐", "그대로")


def test_an_agent_changed_elsewhere_is_not_overwritten_but_the_draft_renewed(world, user):
    agent = world.agent(user, name="원래")
    opened(world, user, agent.id)
    draft = changed(world, user, {"name": "초안의 이름"})
    edited = agent.draft.replace(description="다른 곳에서")
    designing.save(world.store, world.models, user, agent.id, edited, now=world.now)
    with pytest.raises(Conflict):
        saved(world, user, draft.revision)
    renewed = drafting.present(world.store, user, TALK, world.now)
    assert (renewed.agent.name, renewed.agent.description) == ("초안의 이름", "다른 곳에서")
    _, after = saved(world, user, renewed.revision)
    assert (after.version, after.name, after.description) == (3, "초안의 이름", "다른 곳에서")


def test_a_draft_outlives_the_version_it_rests_on(world, user, monkeypatch):
    monkeypatch.setattr(designing, "KEPT_VERSIONS", 2)
    agent = world.agent(user, name="원래")
    opened(world, user, agent.id)
    draft = changed(world, user, {"name": "초안의 이름"})
    for name in ("다른 곳에서", "또 다른 곳에서"):
        edited = agent.draft.replace(name=name)
        designing.save(world.store, world.models, user, agent.id, edited, now=world.now)
    with pytest.raises(NotFound):
        designing.version(world.store, designing.find(world.store, user, agent.id), 1)
    with pytest.raises(Conflict):
        saved(world, user, draft.revision)
    renewed = drafting.present(world.store, user, TALK, world.now)
    assert (renewed.agent.name, renewed.base_version) == ("초안의 이름", 3)


def test_a_plan_may_refuse_a_schedule(world, talk):
    guest = world.user("u1", plan="guest")
    with pytest.raises(Invalid) as refused:
        changed(world, guest, WISH | {"schedule": {"cron": "*/5 * * * *"}})
    assert refused.value.errors[0].field == "agent.schedule.cron"


def test_a_trial_run_of_an_unsaved_agent_runs_ends_and_leaves_nothing(world, user, talk):
    changed(world, user, WISH)
    kept = b"kept"
    draft, execution = rehearsed(world, user, 1)
    assert (execution.rehearsal, execution.trigger, execution.agent_id) == (True, Trigger.CHAT, draft.agent_id)
    claim = world.claim(execution, world.launch(execution))
    assert claim.spec.max_cost_micro_usd == rehearsing.CAP_MICRO_USD
    world.call(claim, cost=120)
    world.files.write(f"agents/{user.id}/{draft.agent_id}/{sha256(kept)}", kept)
    file = {"path": "note.md", "bytes": len(kept), "sha256": sha256(kept)}
    ended = world.finish(claim, artifacts=(file,), workspace={"files": (file,)})
    assert (ended.status, ended.cost_micro_usd) == (Status.SUCCEEDED, 120)
    assert [artifact.path for artifact in ended.artifacts] == ["note.md"]
    assert records.workspaces.find(world.store, draft.agent_id) is None
    assert records.agents.find(world.store, draft.agent_id) is None
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert [(row.agent_id, row.cost_micro_usd) for row in month.rows] == [("chat", 120)]
    assert month.reservations == ()
    shown = cards(world, "rehearsal")
    assert [card["state"] for card in shown] == ["running", "succeeded"]
    assert (shown[-1]["result"], shown[-1]["costMicroUsd"]) == ("끝", 120)


def test_a_trial_run_of_a_saved_agent_does_not_touch_it(world, user):
    agent = world.agent(
        user, schedule={"cron": "0 9 * * *"}, notify={"email": "always", "webhookUrl": "https://hook.example.com/x"}
    )
    world.started(user, agent)  # its workspace is in use: a trial run has a copy of its own
    before = designing.find(world.store, user, agent.id)
    opened(world, user, agent.id)
    for _ in range(6):
        _, execution = rehearsed(world, user, drafting.present(world.store, user, TALK, world.now).revision)
        claim = world.claim(execution, world.launch(execution))
        world.call(claim)
        assert world.finish(claim, Outcome.FAILED, error_code="agent").status is Status.FAILED
    assert designing.find(world.store, user, agent.id) == before
    assert records.outbox.page(world.store)[0] == []
    assert records.deliveries.page(world.store)[0] == []


def test_a_trial_run_is_started_once_for_each_key_and_one_at_a_time(world, user, talk):
    changed(world, user, WISH)
    _, first = rehearsed(world, user, 1, key="k")
    assert rehearsed(world, user, 1, key="k")[1] == first
    with pytest.raises(KeyReused):
        rehearsed(world, user, 1, key="k", allow=("news.example.com",))
    with pytest.raises(Conflict):
        rehearsed(world, user, 1, key="other")
    running.cancel(world.store, world.queue, user, first.id, pace=world.pace, now=world.now)
    assert rehearsed(world, user, 1, key="other")[1].id != first.id
    assert cards(world, "rehearsal")[-1]["state"] == "cancelled"


def test_allowing_hosts_is_one_click_and_a_new_revision(world, user, talk):
    changed(world, user, WISH | {"network": {"allow": ["a.example.com"]}})
    draft, execution = rehearsed(world, user, 1, allow=("news.example.com",))
    assert draft.revision == 2
    assert execution.agent.network.allow == ("a.example.com", "news.example.com")
    assert rehearsing.card(world.store, draft, execution, world.now).revision == 2


def test_a_card_offers_to_allow_what_nobody_allowed_and_not_what_could_not_be_reached(world, user, talk):
    draft = changed(world, user, WISH | {"network": {"allow": ["*.example.org"]}})
    execution, _ = tried(world, user, 1)
    hosts = [Host(host=name, allowed=False, requests=1) for name in ("news.example.org", "news.example.com")]
    card = rehearsing.card(world.store, draft, execution.replace(hosts=tuple(hosts)), world.now)
    assert card.allowable == ("news.example.com",)


def test_without_budget_left_in_the_month_a_trial_run_ends_as_failed(world, talk):
    guest = world.user("u1", plan="guest")
    changed(world, guest, WISH)
    for _ in range(3):
        tried(world, guest, 1, cost=100_000)
    _, execution = rehearsed(world, guest, 1)
    with pytest.raises(Exception, match="used up"):
        world.claim(execution, world.launch(execution))
    ended = world.execution(execution.id)
    assert (ended.status, ended.error_code) == (Status.FAILED, "budget")


def test_a_trial_run_that_nobody_claims_is_lost_not_stuck(world, user, talk):
    changed(world, user, WISH)
    _, execution = rehearsed(world, user, 1)
    world.jobs.liveness = Liveness.GONE
    for _ in range(6):
        world.launch(execution)
        world.later(seconds=world.pace.launch.total_seconds() + 1)
        world.sweep()
    assert world.execution(execution.id).error_code == "lost"


def test_a_trial_run_is_not_retried_as_a_real_one(world, user, talk):
    changed(world, user, WISH)
    ended, _ = tried(world, user, 1)
    with pytest.raises(Conflict):
        running.retry(world.store, world.queue, world.models, user, ended.id, now=world.now)


def test_a_price_is_what_trial_runs_cost_times_what_comes_due(world, user, talk):
    draft = changed(world, user, WISH)
    unknown = pricing.price(world.store, draft, world.now)
    assert (unknown.basis, unknown.per_run, unknown.per_month, unknown.runs) == ("none", None, None, 31)
    assert (unknown.cap_per_run, unknown.cap_per_month) == (500_000, 5_000_000)
    tried(world, user, 1, cost=120)
    tried(world, user, 1, cost=80)
    draft = drafting.present(world.store, user, TALK, world.now)
    known = pricing.price(world.store, draft, world.now)
    assert (known.basis, known.rehearsals) == ("rehearsal", 2)
    assert (known.per_run.low, known.per_run.high) == (80, 120)
    assert (known.per_month.low, known.per_month.high) == (80 * 31, 120 * 31)


def test_a_price_holds_while_the_work_is_the_same_and_a_failure_says_nothing_of_it(world, user, talk):
    changed(world, user, WISH)
    tried(world, user, 1, cost=120)
    moved = changed(world, user, {"schedule": {"cron": "0 9 * * 1"}})
    price = pricing.price(world.store, moved, world.now)
    assert (price.per_run.high, price.runs) == (120, 5)
    other = changed(world, user, {"finalPrompt": "다른 일을 해 줘"})
    assert pricing.price(world.store, other, world.now).basis == "none"
    _, execution = rehearsed(world, user, other.revision)
    claim = world.claim(execution, world.launch(execution))
    world.call(claim, cost=99)
    world.finish(claim, Outcome.FAILED, error_code="agent")
    again = drafting.present(world.store, user, TALK, world.now)
    assert pricing.price(world.store, again, world.now).basis == "none"


def test_an_unknown_cost_stays_unknown(world, user, talk):
    changed(world, user, WISH)
    _, execution = rehearsed(world, user, 1)
    claim = world.claim(execution, world.launch(execution))
    world.call(claim, cost=None)
    assert world.finish(claim).cost_micro_usd is None
    draft = drafting.present(world.store, user, TALK, world.now)
    assert pricing.price(world.store, draft, world.now).per_run is None


def test_a_month_costs_at_most_its_cap(world, user, talk):
    draft = changed(world, user, WISH | {"limits": {"maxCostMicroUsd": 100_000, "monthlyCostMicroUsd": 200_000}})
    assert pricing.price(world.store, draft, world.now).cap_per_month == 200_000
    tried(world, user, 1, cost=50_000)
    draft = drafting.present(world.store, user, TALK, world.now)
    assert pricing.price(world.store, draft, world.now).per_month.high == 200_000


def test_a_month_costs_at_most_what_the_plan_allows(world, user, talk):
    draft = changed(world, user, WISH)
    world.user(plan="guest")
    assert pricing.price(world.store, draft, world.now).cap_per_month == 300_000


def test_nothing_is_shown_in_a_conversation_that_is_gone(world, user, talk):
    changed(world, user, WISH)
    _, execution = rehearsed(world, user, 1)
    claim = world.claim(execution, world.launch(execution))
    records.conversations.put(world.store, TALK, talk.replace(deleted_at=world.now))
    before = events.last_seq(world.store, TALK)
    assert world.finish(claim, Outcome.FAILED, error_code="agent").status is Status.FAILED
    assert events.last_seq(world.store, TALK) == before
