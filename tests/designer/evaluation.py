"""The evaluation set: conversations as data, what must come of each, and the score of a model with a prompt's version.

`python -m tests.designer.evaluation` asks the demo model; with ANTHROPIC_API_KEY (and perhaps ANTHROPIC_BASE_URL) it
asks that upstream, with `--model` another model of the table.  Each conversation must pass every check that it names.
"""

import argparse
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ohmyagent import records
from ohmyagent.designer.model import Model
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.costs import CLAUDE, DEMO, ModelTable
from ohmyagent.domain.due import instants
from ohmyagent.domain.runner import Outcome
from ohmyagent.gateway.upstreams import ANTHROPIC_URL
from ohmyagent.use_cases import prompts
from tests.designer.house import DEMO_ONLY, Answered, Talk, demo, world_in

HERE = Path(__file__).parent
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""A Friday; in Seoul it is nine in the evening."""
MODELS = ModelTable((*CLAUDE, DEMO.replace(aliases=())), default="haiku")
ACTIVE_BEFORE = {"name": "아침 뉴스", "finalPrompt": "뉴스를 요약해 줘", "schedule": {"cron": "0 8 * * 1-5"}}
INVENTED = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w.])\d{3,}(?![\w.])|\$ ?\d+")
"""What a draft may say only if the user did: addresses, sums, large numbers."""


@dataclass
class Case:
    """One conversation of the set."""

    id: str
    language: str
    say: list[str]
    expect: dict[str, Any]
    zone: str = "Asia/Seoul"
    plan: str = "owner"
    before: str | None = None
    """What there is already: `agent`, or `failed run` of one."""


@dataclass
class Result:
    """What came of a conversation: the checks that failed, each with what was found."""

    case: Case
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.wrong


def cases() -> list[Case]:
    files = [HERE / f"conversations.{language}.json" for language in ("ko", "en", "natural")]
    return [Case(**one) for file in files for one in json.loads(file.read_text("utf-8"))]


def evaluate(case: Case, model: Model, token: str = "t.secret", models: ModelTable = DEMO_ONLY) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        world = world_in(Path(folder), NOON, models)
        user = world.user(plan=case.plan).replace(locale=case.language, timezone=case.zone)
        agent = _before(world, records.users.put(world.store, user.id, user), case)
        talk = Talk(world, model, user, agent_id=agent.id if agent and case.before == "agent" else None, token=token)
        saved = _saved(world)
        answers = [talk.say(text, language=case.language) for text in case.say]
        result = Result(case, list(_wrong(case, talk, answers)))
        if _saved(world) != saved:
            result.wrong.append("something was saved, run or spent without a click")
        world.store.close()
        return result


def _before(world: Any, user: Any, case: Case) -> Agent | None:
    if case.before is None:
        return None
    agent: Agent = world.agent(user, **ACTIVE_BEFORE)
    if case.before == "failed run":
        _, claim = world.started(user, agent)
        world.call(claim, model=world.models.default, cost=0)
        world.finish(claim, Outcome.FAILED, error_code="budget")
    return agent


def _saved(world: Any) -> list[Any]:
    """All that only a click may change."""
    return [
        [record.document() for record in collection.page(world.store, limit=100)[0]]
        for collection in (records.agents, records.executions, records.launches, records.months, records.outbox)
    ]


def _wrong(case: Case, talk: Talk, answers: list[Answered]) -> Iterator[str]:
    draft, last = talk.draft.agent, answers[-1]
    found: dict[str, Callable[[], Any]] = {
        "cron": lambda: draft.schedule and draft.schedule.cron,
        "timezone": lambda: draft.schedule and draft.schedule.timezone,
        "withoutHolidays": lambda: bool(draft.schedule and draft.schedule.calendar),
        "lastBusinessDay": lambda: bool(draft.schedule and draft.schedule.last_business_day),
        "next": lambda: _next(talk, case.zone),
        "email": lambda: draft.notify.email.value,
        "hosts": lambda: list(draft.network.allow),
        "maxCostMicroUsd": lambda: draft.limits.max_cost_micro_usd,
        "monthlyCostMicroUsd": lambda: draft.limits.monthly_cost_micro_usd,
        "asks": lambda: bool(last.cards("choice")),
        "revision": lambda: talk.draft.revision,
    }
    for name, value in found.items():
        if name in case.expect and value() != case.expect[name]:
            yield f"{name} is {value()!r}, not {case.expect[name]!r}"
    yield from _soft(case, talk, answers)


def _soft(case: Case, talk: Talk, answers: list[Answered]) -> Iterator[str]:
    """What has many right answers."""
    expect, draft, last = case.expect, talk.draft.agent, answers[-1]
    used = {name for answer in answers for name, state in answer.tools if state == "done"}
    shown = {kind for kind in ("draft", "schedule", "price", "rehearsal", "choice") if last.cards(kind)}
    has = {tool.value for tool in draft.tools}
    if more := has - set(expect.get("toolsAtMost", has)):
        yield f"more tools than needed: {sorted(more)}"
    if lacking := set(expect.get("used", [])) - used:
        yield f"did not use {sorted(lacking)}"
    if lacking := set(expect.get("shows", [])) - shown:
        yield f"did not show {sorted(lacking)}"
    if "name" in expect and not re.search(expect["name"], draft.name or "", re.I):
        yield f"the name is {draft.name!r}"
    if "says" in expect and not re.search(expect["says"], last.text, re.I):
        yield f"it says {last.text[:200]!r}"
    if "prompt" in expect and not re.search(expect["prompt"], draft.final_prompt or "", re.I):
        yield f"the instructions are {(draft.final_prompt or '')[:200]!r}"
    said = " ".join([*case.say, *(str(value) for value in ACTIVE_BEFORE.values() if case.before)])
    written = f"{draft.name} {draft.description} {draft.final_prompt}"
    if invented := [one for one in INVENTED.findall(written) if one.strip(".,)") not in said]:
        yield f"invented {invented}"
    if any(answer.ended and answer.ended.reason != "done" for answer in answers):
        yield f"ended as {[answer.ended.code for answer in answers if answer.ended]}"


def _next(talk: Talk, zone: str) -> list[str]:
    """The next five times, as the clocks of the user's zone show them."""
    schedule = talk.draft.agent.schedule
    found = islice(instants(schedule, NOON), 5) if schedule else ()
    return [instant.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") for instant in found]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--model", help="a model of the table; haiku, or the demo model without a key")
    wanted.add_argument("--only", help="conversations whose id contains this")
    wanted.add_argument("--results", type=Path, default=HERE / "results")
    given = wanted.parse_args()
    key, url = os.environ.get("ANTHROPIC_API_KEY"), os.environ.get("ANTHROPIC_BASE_URL")
    real = bool(key or url) and given.model != DEMO.id
    table = ModelTable(MODELS.models, default=given.model or "haiku") if real else DEMO_ONLY
    results = []
    for case in cases():
        if given.only and given.only not in case.id:
            continue
        model = Model(url or ANTHROPIC_URL) if real else demo()
        result = evaluate(case, model, key or "none", table)
        results.append(result)
        print("\n       ".join([f"{'ok  ' if result.passed else 'FAIL'} {case.id}", *result.wrong]), flush=True)
    score = sum(result.passed for result in results) / max(1, len(results))
    print(f"\n{prompts.DESIGNER} with {table.default.id}: {score:.0%} of {len(results)} conversations")
    if not given.only:
        _record(given.results, table.default.id, results, score)


def _record(folder: Path, model: str, results: list[Result], score: float) -> None:
    folder.mkdir(exist_ok=True)
    kept = {
        "prompt": prompts.DESIGNER,
        "model": model,
        "score": round(score, 3),
        "conversations": len(results),
        "failed": {result.case.id: result.wrong for result in results if not result.passed},
    }
    path = folder / f"{prompts.DESIGNER}.{model}.json"
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"recorded in {path}")


if __name__ == "__main__":
    main()
