"""Plans: what they say, what an operator may change, and what happens at each limit."""

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ohmyagent import records
from ohmyagent.domain.errors import AlreadyExists, Gone, Invalid, PlanLimit
from ohmyagent.domain.executions import ExecutionRequest, Status, Trigger
from ohmyagent.domain.plans import Plans
from ohmyagent.settings import BadSettings, Settings
from ohmyagent.use_cases import designing, planning, running, ticking
from ohmyagent.use_cases.ticking import Clock
from tests.world import World


def plans(**changed: dict[str, object]) -> Plans:
    return Plans.parse(json.dumps(changed))


def test_the_built_in_table_is_what_is_promised() -> None:
    table = Plans.built_in()

    found = {
        name: (
            plan.agents, plan.runs_per_day, plan.monthly_micro_usd, plan.minimum_interval / timedelta(minutes=1),
            plan.kept_days,
        )
        for name in ("guest", "waiting", "approved", "admin", "owner")
        for plan in [table.named(name)]
    }  # fmt: skip

    assert found == {
        "guest": (3, 5, 300_000, 60, 7),
        "waiting": (3, 5, 300_000, 60, 30),
        "approved": (20, 100, 10_000_000, 15, 90),
        "admin": (None, None, None, 1, None),
        "owner": (None, None, None, 1, None),
    }
    assert table.named("nobody knows it") == table.named("platform") == table.guest


def test_a_file_changes_single_values(tmp_path: Path) -> None:
    file = tmp_path / "plans.json"
    file.write_text('{"approved": {"agents": 50, "keptDays": null}}')

    table = Settings.from_env({"OMA_PLANS": str(file)}).plans

    assert (table.approved.agents, table.approved.kept_days, table.approved.runs_per_day) == (50, None, 100)
    assert table.guest == Plans.built_in().guest


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"guest": {"agents": -1}}', "guest.agents"),
        ('{"guest": {"agents": "3"}}', "guest.agents"),
        ('{"guest": {"agents": true}}', "guest.agents"),
        ('{"guest": {"runsPerDay": 1.5}}', "guest.runsPerDay"),
        ('{"guest": {"agent": 3}}', "guest.agent"),
        ('{"gest": {"agents": 3}}', "gest"),
        ('{"platform": {"agents": 3}}', "platform.agents"),
        ('{"approved": {"minimumIntervalSeconds": 1}}', "approved.minimumIntervalSeconds"),
        ('{"approved": {"monthlyMicroUsd": 1e400}}', "approved.monthlyMicroUsd"),
        ('{"guest": 3}', "(file)"),
        ("[]", "(file)"),
        ("{", "(file)"),
        ("", "(file)"),
        ("[" * 100_000, "(file)"),
    ],
)
def test_a_wrong_file_keeps_the_platform_from_starting_and_says_where(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "plans.json"
    file.write_text(text)

    with pytest.raises(BadSettings) as caught:
        Settings.from_env({"OMA_PLANS": str(file)})

    assert f"OMA_PLANS: {named} " in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"OMA_PLANS is .*, which cannot be read"):
        Settings.from_env({"OMA_PLANS": str(tmp_path / "none.json")})


def test_the_fourth_agent_of_a_guest_is_refused_until_one_goes(world: World) -> None:
    guest = world.user(plan="guest")
    first, *_ = [world.agent(guest) for _ in range(3)]

    with pytest.raises(PlanLimit, match="3 agents"):
        world.agent(guest)
    designing.delete(world.store, guest, first.id, now=world.now)
    world.agent(guest)
    with pytest.raises(PlanLimit):
        designing.restore(world.store, guest, first.id, now=world.now)

    assert planning.meters(world.store, guest, world.now).agents == 3


def test_asking_again_for_an_agent_that_is_there_is_no_fourth_one(world: World) -> None:
    guest = world.user(plan="guest")
    draft = world.agent(guest).draft.replace(slug=None)
    made = designing.create(world.store, world.models, guest, draft, now=world.now, key="k")
    world.agent(guest)

    again = designing.create(world.store, world.models, guest, draft, now=world.now, key="k")

    assert again.id == made.id
    with pytest.raises(AlreadyExists):  # what is wrong with the agent itself is said first
        world.agent(guest, slug=made.slug)


def test_of_many_at_once_only_as_many_come_through_as_fit(world: World) -> None:
    guest = world.user(plan="guest")
    refused: list[PlanLimit] = []

    def make() -> None:
        try:
            world.agent(guest)
        except PlanLimit as problem:
            refused.append(problem)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (planning.meters(world.store, guest, world.now).agents, len(refused)) == (3, 5)


def test_the_sixth_run_of_a_day_is_refused_and_the_next_day_begins_anew(world: World) -> None:
    guest = world.user(plan="guest")
    agent = world.agent(guest)
    for _ in range(5):
        world.request(guest, agent)

    with pytest.raises(PlanLimit, match="5 runs a day"):
        world.request(guest, agent)
    assert planning.meters(world.store, guest, world.now).runs_today == 5
    world.later(hours=12)
    assert world.request(guest, agent).status is Status.QUEUED
    assert planning.meters(world.store, guest, world.now).runs_today == 1


def test_the_same_request_counts_once(world: World) -> None:
    guest = world.user(plan="guest")
    agent = world.agent(guest)

    for _ in range(9):
        world.request(guest, agent, key="k")

    assert planning.meters(world.store, guest, world.now).runs_today == 1


def test_a_webhook_beyond_the_day_ends_as_skipped_and_says_why(world: World) -> None:
    guest = world.user(plan="guest")
    agent = world.agent(guest, notify={"webhookUrl": "https://hooks.example.com/x"})
    for _ in range(5):
        world.request(guest, agent)

    run = running.request(
        world.store, world.queue, world.models, guest, agent.id, ExecutionRequest(input="{}"),
        now=world.now, trigger=Trigger.WEBHOOK, key="h_1 id 1",
    )  # fmt: skip

    assert (run.status, run.error_code, run.end_time) == (Status.SKIPPED, "day_limit", world.now)
    assert records.launches.find(world.store, run.launch_id) is None
    assert [d.execution_id for d in records.deliveries.page(world.store)[0]] == [run.id]


def test_a_schedule_beyond_the_day_leaves_a_skipped_run_for_each_instant(world: World) -> None:
    guest = world.user(plan="guest")
    agent = world.agent(guest, status="active", schedule={"cron": "0 * * * *", "timezone": "UTC"})

    for _ in range(7):
        world.later(hours=1)
        ticking.tick(world.store, world.queue, world.models, Clock(), world.now)
    runs = sorted(running.page(world.store, guest, agent_id=agent.id)[0], key=lambda run: run.created_at)

    assert [run.status for run in runs] == [Status.QUEUED] * 5 + [Status.SKIPPED] * 2
    assert {run.error_code for run in runs[5:]} == {"day_limit"}
    assert records.agents.get(world.store, agent.id).failures == 0


def test_agents_of_one_user_that_are_due_together_share_the_day(world: World) -> None:
    guest = world.user(plan="guest")
    planning.publish(world.store, plans(guest={"runsPerDay": 2}))
    for _ in range(3):
        world.agent(guest, status="active", schedule={"cron": "0 13 * * *", "timezone": "UTC"})

    world.later(hours=1)
    ticking.tick(world.store, world.queue, world.models, Clock(), world.now)

    states = sorted(run.status for run in running.page(world.store, guest)[0])
    assert states == [Status.QUEUED, Status.QUEUED, Status.SKIPPED]


def test_the_operators_table_counts_at_the_claim(world: World) -> None:
    planning.publish(world.store, plans(guest={"monthlyMicroUsd": 50_000}))
    guest = world.user(plan="guest")

    _, claim = world.started(guest, world.agent(guest))

    assert claim.spec.max_cost_micro_usd == 50_000
    assert planning.meters(world.store, guest, world.now).spent_this_month_micro_usd == 50_000


def test_the_platforms_own_limit_keeps_everybody_but_the_owner_from_spending(world: World) -> None:
    planning.publish(world.store, plans(platform={"monthlyMicroUsd": 100_000}))
    admin, owner = world.user("admin", plan="admin"), world.user("o", plan="owner")
    world.started(admin, world.agent(admin))
    agent = world.agent(admin)
    run = world.request(admin, agent)
    nonce = world.launch(run)

    assert planning.observe(world.store, world.now).micro_usd >= 100_000
    with pytest.raises(Gone):
        world.claim(run, nonce)

    ended = world.execution(run.id)
    assert (ended.status, ended.error_code, ended.start_time) == (Status.SKIPPED, "platform_budget", None)
    assert records.agents.get(world.store, agent.id).total_runs == 0
    assert world.started(owner, world.agent(owner))[0].status is Status.RUNNING
    assert records.months.page(world.store)[0][0].reservations, "what was set aside for the first run stays"


def test_an_interval_below_the_plans_is_refused_when_saving(world: World) -> None:
    member = world.user(plan="approved")

    world.agent(member, schedule={"cron": "*/15 * * * *"})
    with pytest.raises(Invalid) as caught:
        world.agent(member, schedule={"cron": "*/10 * * * *"})

    assert caught.value.errors[0].field == "schedule.cron"
