"""Runs that answer a person in a conversation with their agent."""

from __future__ import annotations

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.errors import Conflict
from ohmyagent.domain.executions import Execution, ExecutionRequest, Status, StoredFile, Trigger
from ohmyagent.domain.runner import Claim, Outcome
from ohmyagent.domain.talks import Talk
from ohmyagent.use_cases import keeping, running
from tests.world import World, sha256

SESSION = "5d3c1c7e-8a53-4a6e-9f5d-0c2b7b1f4e11"
RECORD = b'{"type":"user"}\n'


@pytest.fixture
def user(world: World) -> User:
    return world.user()


@pytest.fixture
def agent(world: World, user: User) -> Agent:
    return world.agent(user)


@pytest.fixture
def talk(world: World, user: User, agent: Agent) -> Talk:
    made = Talk(
        id="v_1", user_id=user.id, agent_id=agent.id, session=SESSION, cap_micro_usd=1_000, created_at=world.now
    )
    return records.talks.put(world.store, made.id, made)


def said(world: World, user: User, talk: Talk, message: str) -> tuple[Execution, Claim]:
    execution = running.request(
        world.store, world.queue, world.models, user, talk.agent_id, ExecutionRequest(input=message),
        now=world.now, trigger=Trigger.CHAT, talk_id=talk.id,
    )  # fmt: skip
    return execution, world.claim(execution, world.launch(execution))


def stored(world: World, execution: Execution, body: bytes = RECORD) -> StoredFile:
    world.files.write(keeping.body_key(execution.user_id, execution.agent_id, sha256(body)), body)
    return StoredFile(path="s.jsonl", bytes=len(body), sha256=sha256(body))


def test_the_message_is_what_the_agent_is_told_and_its_instructions_are_its_background(
    world: World, user: User, talk: Talk
) -> None:
    spec = said(world, user, talk, "어제 건 왜 빠졌어? {hosts}")[1].spec
    assert (spec.prompt, spec.input) == ("어제 건 왜 빠졌어? {hosts}", None)
    assert spec.system_prompt.endswith("Your standing instructions\n요약해 줘\n")
    assert "{" not in spec.system_prompt
    assert spec.session is not None
    assert (spec.session.id, spec.session.record) == (SESSION, None)


def test_the_next_message_goes_on_with_the_record_that_the_last_one_left(world: World, user: User, talk: Talk) -> None:
    first, claim = said(world, user, talk, "하나")
    world.call(claim)
    world.finish(claim, session=stored(world, first))

    session = said(world, user, talk, "둘")[1].spec.session

    assert session is not None
    assert session.record is not None
    assert session.record.sha256 == sha256(RECORD)


def test_a_run_that_left_no_record_keeps_the_one_before(world: World, user: User, talk: Talk) -> None:
    first, claim = said(world, user, talk, "하나")
    world.call(claim)
    world.finish(claim, session=stored(world, first))
    _, claim = said(world, user, talk, "둘")
    world.finish(claim, Outcome.FAILED, error_code="sandbox")

    record = records.talks.get(world.store, talk.id).record
    assert record is not None
    assert record.sha256 == sha256(RECORD)


def test_a_record_whose_body_never_came_is_refused(world: World, user: User, talk: Talk) -> None:
    _, claim = said(world, user, talk, "하나")
    world.call(claim)
    with pytest.raises(Conflict):
        world.finish(claim, session=StoredFile(path="s", bytes=1, sha256="0" * 64))


def test_all_answers_together_cost_no_more_than_was_agreed(world: World, user: User, talk: Talk) -> None:
    _, claim = said(world, user, talk, "하나")
    assert claim.spec.max_cost_micro_usd == 1_000
    world.finish(claim, Outcome.FAILED, error_code="agent")
    records.talks.put(world.store, talk.id, talk.answered(700, None))

    _, claim = said(world, user, talk, "둘")
    assert claim.spec.max_cost_micro_usd == 300


def test_what_was_spent_is_counted_against_what_was_agreed(world: World, user: User, talk: Talk) -> None:
    records.talks.put(world.store, talk.id, talk.replace(cap_micro_usd=500_000))
    _, claim = said(world, user, talk, "하나")
    world.call(claim, cost=250)
    world.finish(claim)
    assert records.talks.get(world.store, talk.id).spent_micro_usd == 250


def test_a_failed_answer_says_nothing_of_the_agent_and_mails_nobody(world: World, user: User, talk: Talk) -> None:
    _, claim = said(world, user, talk, "하나")
    assert world.finish(claim, Outcome.FAILED, error_code="agent").status is Status.FAILED
    assert records.agents.get(world.store, talk.agent_id).failures == 0
    assert records.outbox.page(world.store)[0] == []


def test_an_answer_is_not_retried_outside_its_conversation(world: World, user: User, talk: Talk) -> None:
    execution, claim = said(world, user, talk, "하나")
    world.finish(claim, Outcome.FAILED, error_code="agent")
    with pytest.raises(Conflict):
        running.retry(world.store, world.queue, world.models, user, execution.id, now=world.now)
