"""What the designer's tools do: the use cases, with the rights of the user whose conversation it is.

What runs, files and other people's pages left is handed to the model under `untrusted`, as JSON: text in it is data.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from ohmyagent.designer import findings, patches, tools
from ohmyagent.domain.accounts import User
from ohmyagent.domain.cards import ChoiceCard, DraftCard, PriceCard, RehearsalCard, Said, ScheduleCard
from ohmyagent.domain.clauses import field_errors
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.errors import Invalid, Problem
from ohmyagent.domain.plans import Plan
from ohmyagent.domain.record import Record, rfc3339
from ohmyagent.domain.runner import SandboxLimits
from ohmyagent.domain.schedule_speech import Question, heard_in
from ohmyagent.domain.schedule_words import words
from ohmyagent.domain.schedules import Schedule
from ohmyagent.ports import Store
from ohmyagent.use_cases import designing, drafting, planning, pricing, rehearsing, running, scheduling
from ohmyagent.use_cases.talking.pieces import CardKind


@dataclass(frozen=True)
class Shown:
    """A card to show; the same id replaces."""

    id: str
    kind: CardKind
    data: Record


@dataclass(frozen=True)
class Used:
    """What a tool answered: `text` for the model, `cards` for the user."""

    text: str
    failed: bool = False
    cards: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Desk:
    """One turn's place of work.  `turn_id` makes each change happen once, however often its step is taken."""

    store: Store
    models: ModelTable
    user: User
    conversation_id: str
    turn_id: str
    now: Callable[[], datetime]

    def use(self, name: str, given: Any, use_id: str) -> Used:
        """What the tool answers; whatever is wrong with the call is an answer too."""
        kind = tools.BY_NAME.get(name)
        if kind is None:
            known = ", ".join(tools.BY_NAME)
            return Used(f"There is no tool {name[:60]!r}. There are: {known}.", failed=True)
        try:
            wanted = kind.takes.model_validate_json(json.dumps(given))
        except ValidationError as wrong:
            return Used(_told(field_errors(wrong)), failed=True)
        except (TypeError, ValueError, RecursionError):
            return Used("The input is not a JSON object.", failed=True)
        try:
            used: Used = getattr(self, f"_{name}")(wanted, use_id)
        except Invalid as wrong:
            return Used(_told(wrong.errors) or wrong.detail, failed=True)
        except Problem as problem:
            return Used(problem.detail, failed=True)
        return used

    def draft(self) -> Draft:
        return drafting.present(self.store, self.user, self.conversation_id, self.now())

    def _read_draft(self, wanted: tools.Nothing, use_id: str) -> Used:
        return Used(_json({"draft": findings.drafted(self.draft())}))

    def _change_draft(self, wanted: tools.ChangeDraft, use_id: str) -> Used:
        patch = patches.patch(wanted, self.user.timezone)
        key = f"{self.turn_id}.{use_id}"
        draft = drafting.change(
            self.store,
            self.models,
            self.user,
            self.conversation_id,
            patch,
            now=self.now(),
            key=key,
            card=f"draft-{self.turn_id}",
        )
        return Used(_json({"draft": findings.drafted(draft)}), cards=(self._shown("draft", DraftCard.shown(draft)),))

    def _propose_schedule(self, wanted: tools.ProposeSchedule, use_id: str) -> Used:
        if wanted.schedule is not None:
            return self._read_back(patches.schedule(wanted.schedule, self.user.timezone), None, None)
        if wanted.text is None:
            return Used("Give either text or schedule.", failed=True)
        spotted = heard_in(wanted.text, self.user.timezone)
        if spotted is None:
            return Used(_json({"understood": False, "rest": wanted.text}))
        if isinstance(spotted.meant, Question):
            return Used(_json({"understood": False, "phrase": spotted.phrase, "rest": spotted.rest}
                              | findings.question(spotted.meant)))  # fmt: skip
        return self._read_back(spotted.meant, spotted.phrase, spotted.rest)

    def _read_back(self, schedule: Schedule, phrase: str | None, rest: str | None) -> Used:
        seen = scheduling.preview(schedule, self._plan, self.now())
        text = Said(ko=seen.text.ko, en=seen.text.en)
        card = ScheduleCard(schedule=schedule, text=text, next=seen.next, timezone=schedule.timezone)
        answer = {
            "understood": True,
            "schedule": patches.as_wanted(schedule),
            "text": {"ko": text.ko, "en": text.en},
            "next": [findings.local(instant, self.user) for instant in seen.next],
            "zone": self.user.timezone,
        }
        if phrase is not None:
            answer |= {"phrase": phrase, "rest": rest}
        if seen.too_frequent:
            minutes = self._plan.minimum_interval // timedelta(minutes=1)
            answer["tooFrequent"] = f"This user's plan allows one run every {minutes} minutes at most."
        return Used(_json(answer), cards=(self._shown("schedule", card),))

    def _estimate_price(self, wanted: tools.Nothing, use_id: str) -> Used:
        card = self.price()
        return Used(_json({"price": _plain(card)}), cards=(self._shown("price", card),))

    def price(self) -> PriceCard:
        return pricing.price(self.store, self.draft(), self.now())

    def _propose_rehearsal(self, wanted: tools.Nothing, use_id: str) -> Used:
        draft = self.draft()
        card = rehearsing.proposed(draft)
        text = "The card is shown. Nothing runs until the user clicks it."
        return Used(text, cards=(Shown(rehearsing.card_id(card), "rehearsal", card),))

    def _read_rehearsal(self, wanted: tools.Nothing, use_id: str) -> Used:
        draft = self.draft()
        execution = rehearsing.newest(self.store, draft)
        if execution is None:
            return Used(_json({"rehearsal": None}))
        card = rehearsing.card(self.store, draft, execution, self.now())
        return Used(
            _json({"revision": card.revision, "untrusted": findings.whole_run(self.store, execution, self.user)}),
            cards=(Shown(rehearsing.card_id(card), "rehearsal", card),),
        )

    def _list_agents(self, wanted: tools.Nothing, use_id: str) -> Used:
        found, _ = designing.page(self.store, self.user, limit=50)
        listed = [
            {
                "agentId": agent.id,
                "name": agent.name,
                "description": agent.description,
                "status": agent.status,
                "schedule": words(agent.schedule).en if agent.schedule else None,
                "nextRunAt": rfc3339(agent.next_run_at) if agent.next_run_at else None,
                "runs": agent.total_runs,
                "succeeded": agent.successful_runs,
                "lastRun": agent.last_execution.status if agent.last_execution else None,
            }
            for agent in found
        ]
        return Used(_json({"untrusted": {"agents": listed}}))

    def _edit_agent(self, wanted: tools.EditAgent, use_id: str) -> Used:
        draft = drafting.adopt(self.store, self.user, self.conversation_id, wanted.agent_id, now=self.now())
        return Used(_json({"draft": findings.drafted(draft)}), cards=(self._shown("draft", DraftCard.shown(draft)),))

    def _read_runs(self, wanted: tools.ReadRuns, use_id: str) -> Used:
        found, _ = running.page(self.store, self.user, agent_id=wanted.agent_id, limit=wanted.limit)
        return Used(_json({"untrusted": {"runs": [findings.run(execution, self.user) for execution in found]}}))

    def _read_run(self, wanted: tools.ReadRun, use_id: str) -> Used:
        execution = running.find(self.store, self.user, wanted.run_id)
        return Used(_json({"untrusted": {"run": findings.whole_run(self.store, execution, self.user)}}))

    def _explain_limits(self, wanted: tools.Nothing, use_id: str) -> Used:
        sandbox = SandboxLimits()
        plan = self._plan
        models = [{"id": model.id, "aliases": model.aliases, "mode": model.mode} for model in self.models.models]
        return Used(_json({
            "plan": self.user.plan,
            "limits": plan.model_dump(mode="json"),
            "used": self._used(),
            "rehearsalCapMicroUsd": rehearsing.CAP_MICRO_USD,
            "models": models,
            "defaultModel": self.models.default.id,
            "sandbox": sandbox.model_dump(mode="json"),
            "cannot": [
                "log in to other sites", "send mail by itself (the platform mails results)", "ask during a run",
                "reach hosts that are not listed", "hold secrets (they are added outside the sandbox, in the form)",
            ],
        }))  # fmt: skip

    def _ask(self, wanted: tools.Ask, use_id: str) -> Used:
        card = ChoiceCard(question=wanted.question, options=tuple(wanted.options))
        return Used("The question is shown. End your answer now.", cards=(self._shown("choice", card),))

    @property
    def _plan(self) -> Plan:
        return planning.plan_of(self.store, self.user)

    def _used(self) -> dict[str, int]:
        used = planning.meters(self.store, self.user, self.now())
        return {
            "agents": used.agents, "runsToday": used.runs_today,
            "spentThisMonthMicroUsd": used.spent_this_month_micro_usd,
        }  # fmt: skip

    def _shown(self, kind: CardKind, card: Record) -> Shown:
        """One card of a kind for each turn: what a turn says twice replaces what it said first."""
        return Shown(f"{kind}-{self.turn_id}", kind, card)


def _told(errors: Iterable[Any]) -> str:
    return "; ".join(f"{error.field} {error.message}" for error in errors)[:2_000]


def _plain(card: PriceCard | RehearsalCard) -> dict[str, Any]:
    return card.model_dump(mode="json")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
