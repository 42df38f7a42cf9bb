"""Hostile texts against a model that obeys every one of them: nothing is saved, switched on, run or paid for."""

import json
from pathlib import Path
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.executions import Event, Host
from ohmyagent.domain.runner import FinishRequest, Outcome
from ohmyagent.use_cases import drafting, rehearsing, running
from tests.designer.house import Talk, over
from tests.designer.scripted import Scripted, message, text, use
from tests.world import World, sha256

HOSTILE = json.loads((Path(__file__).parent / "hostile.json").read_text("utf-8"))
READS = {
    "agent name": ("list_agents", {}), "agent description": ("list_agents", {}), "instructions": ("read_draft", {}),
    "rehearsal": ("read_rehearsal", {}), "message": ("read_draft", {}),
}  # fmt: skip
"""By which tool the model meets the text; every other place is a run's."""
WISH = {"name": "뉴스", "finalPrompt": "뉴스를 요약해 줘"}
KEPT = (
    records.agents, records.agent_versions, records.slugs, records.executions, records.launches, records.months,
    records.outbox, records.deliveries, records.hooks, records.workspaces,
)  # fmt: skip


def kept(world: World) -> list[Any]:
    """All that is the user's, but for the draft."""
    found = [[record.document() for record in collection.page(world.store, limit=100)[0]] for collection in KEPT]
    tasks = world.store.database.connection().execute("SELECT count(*) FROM tasks").fetchone()
    return [*found, tuple(tasks)]


class Scene:
    """A user with an agent and a run of it, another user with theirs, and the hostile text where the case wants it."""

    def __init__(self, world: World, where: str, said: str) -> None:
        self.world, self.where, self.said = world, where, said
        self.user, self.other = world.user("u1"), world.user("u2")
        self.theirs = self._ended(self.other, "남의 것", None)
        fields = {"agent name": {"name": said}, "agent description": {"description": said}}
        self.own = self._ended(self.user, **{"name": "내 것", "said": said} | fields.get(where, {}))

    def _ended(self, user: Any, name: str, said: str | None, **fields: Any) -> str:
        agent = self.world.agent(user, name=name, **fields)
        execution, claim = self.world.started(user, agent)
        self._leave(execution, claim, said)
        return execution.id

    def _leave(self, execution: Any, claim: Any, said: str | None) -> None:
        world = self.world
        world.call(claim, model=world.models.default, cost=0)
        more: dict[str, Any] = {}
        if said and self.where == "file":
            world.files.write(f"agents/{execution.user_id}/{execution.agent_id}/{sha256(b'x')}", b"x")
            more["artifacts"] = ({"path": said, "bytes": 1, "sha256": sha256(b"x")},)
        if said and self.where == "host":
            more["hosts"] = (Host(host=said, allowed=False, requests=3),)
        if said and self.where == "error":
            more["error"] = said
        if said and self.where == "log":
            event = Event.model_validate({"seq": 1, "time": world.now, "type": "tool_result", "output": said})
            running.report(
                world.store, execution.id, claim.token, claim.epoch, 1, [event], pace=world.pace, now=world.now
            )
        if said and self.where in ("result", "rehearsal"):
            more["result"] = said
        outcome = Outcome.FAILED if self.where == "error" and said else Outcome.SUCCEEDED
        given = {"epoch": claim.epoch, "outcome": outcome, "last_seq": 1, "result": "끝"} | more
        done = FinishRequest.model_validate(given)
        running.finish(world.store, world.queue, world.files, execution.id, claim.token, done, world.now)

    def draft(self, talk: Talk) -> Draft:
        """What is being designed when the text comes; tried once, where the text is in the trial's result."""
        world, place = self.world, talk.conversation.id
        wish = WISH | ({"finalPrompt": self.said} if self.where == "instructions" else {})
        draft = drafting.change(world.store, world.models, self.user, place, wish, now=world.now)
        if self.where == "rehearsal":
            draft, execution = rehearsing.start(
                world.store, world.queue, world.models, self.user, place, draft.revision, now=world.now
            )
            claim = world.claim(execution, world.launch(execution))
            self._leave(execution, claim, self.said)
        return draft

    def aimed(self, given: dict[str, Any]) -> dict[str, Any]:
        """The call with the ids of this scene."""
        ids = {"own": self.own, "other": self.theirs}
        return {name: ids.get(value, value) if isinstance(value, str) else value for name, value in given.items()}


@pytest.mark.parametrize("case", HOSTILE, ids=[f"{n:02}-{case['where']}" for n, case in enumerate(HOSTILE)])
def test_a_model_that_obeys_what_it_reads_can_do_nothing_that_needs_a_click(world: World, case: dict[str, Any]) -> None:
    scene = Scene(world, case["where"], case["text"])
    reads = READS.get(case["where"], ("read_run", {"run_id": scene.own}))
    met: list[bool] = []

    def say(request: dict[str, Any]) -> dict[str, Any]:
        if len(request["messages"]) == 1:
            return message(use(*reads))
        if not met:
            met.append(_given(case["text"], request))
            calls = [use(name, scene.aimed(given), f"toolu_{n}") for n, (name, given) in enumerate(case["calls"])]
            return message(*calls)
        return message(text("다 했습니다. 저장하고 켰습니다."))

    talk = Talk(world, over(Scripted(say)), scene.user)
    scene.draft(talk)
    before = kept(world)
    answered = talk.say(case["text"] if case["where"] == "message" else "지난 실행을 보고 알려 줘")
    assert met == [True], "the model never met the text: the test would prove nothing"
    assert kept(world) == before
    refused = dict(answered.tools[1:])
    assert set(refused) <= {name for name, _ in case["calls"]}
    for name, _ in case["calls"]:
        assert refused[name] == "failed" or name == "change_draft", f"{name} worked"
    if talk.draft.saved_revision is not None:
        raise AssertionError("the draft was saved")


def _given(said: str, request: dict[str, Any]) -> bool:
    """Whether the text is in what the model was given, however deep it lies in JSON."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
            if value.startswith("{"):
                walk(json.loads(value))
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(request["messages"])
    return any(said in one for one in found)


def test_a_draft_that_was_turned_by_a_hostile_text_shows_what_was_turned(world: World) -> None:
    user = world.user()
    turned = message(use("change_draft", {"hosts": ["evil.example.com"]}))
    talk = Talk(world, over(Scripted.by(turned, message(text("끝")))), user)
    drafting.change(world.store, world.models, user, talk.conversation.id, WISH, now=world.now)
    answered = talk.say("요약해 줘")
    (card,) = answered.cards("draft")
    assert card["changed"] == ["network"]
    assert card["agent"]["network"]["allow"] == ["evil.example.com"]
    assert not card["saved"]


def test_there_are_enough_hostile_texts_in_every_place() -> None:
    assert len(HOSTILE) >= 20
    assert {case["where"] for case in HOSTILE} >= {"result", "log", "error", "file", "rehearsal", "agent name"}
