"""What the designer's tools do: the use cases, with the rights of the user whose conversation it is.

What runs, files and other people's pages left is handed to the model under `untrusted`, as JSON: text in it is data.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ohmyagent.designer import tools
from ohmyagent.domain.accounts import User
from ohmyagent.domain.cards import ChoiceCard, DraftCard, PriceCard, RehearsalCard, Said, ScheduleCard
from ohmyagent.domain.clauses import field_errors
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.errors import Invalid, Problem
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.plans import Plan
from ohmyagent.domain.record import Record, rfc3339
from ohmyagent.domain.runner import SandboxLimits
from ohmyagent.domain.schedule_speech import Question, heard_in
from ohmyagent.domain.schedule_words import words
from ohmyagent.domain.schedules import Schedule
from ohmyagent.ports import Store
from ohmyagent.use_cases import designing, drafting, explaining, planning, pricing, rehearsing, running, scheduling
from ohmyagent.use_cases.talking.pieces import CardKind

MOST_TEXT = 6_000
"""Letters of a result or a log that the model is given."""
LAST_EVENTS = 40


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
        return Used(_json({"draft": _seen(self.draft())}))

    def _change_draft(self, wanted: tools.ChangeDraft, use_id: str) -> Used:
        patch = _patch(wanted, self.user.timezone)
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
        return Used(_json({"draft": _seen(draft)}), cards=(self._shown("draft", DraftCard.shown(draft)),))

    def _propose_schedule(self, wanted: tools.ProposeSchedule, use_id: str) -> Used:
        if wanted.schedule is not None:
            return self._read_back(_schedule(wanted.schedule, self.user.timezone), None, None)
        if wanted.text is None:
            return Used("Give either text or schedule.", failed=True)
        spotted = heard_in(wanted.text, self.user.timezone)
        if spotted is None:
            return Used(_json({"understood": False, "rest": wanted.text}))
        if isinstance(spotted.meant, Question):
            return Used(_json({"understood": False, "phrase": spotted.phrase, "rest": spotted.rest}
                              | _question(spotted.meant)))  # fmt: skip
        return self._read_back(spotted.meant, spotted.phrase, spotted.rest)

    def _read_back(self, schedule: Schedule, phrase: str | None, rest: str | None) -> Used:
        seen = scheduling.preview(schedule, self._plan, self.now())
        text = Said(ko=seen.text.ko, en=seen.text.en)
        card = ScheduleCard(schedule=schedule, text=text, next=seen.next, timezone=schedule.timezone)
        zone = ZoneInfo(self.user.timezone)
        answer = {
            "understood": True,
            "schedule": _as_wanted(schedule),
            "text": {"ko": text.ko, "en": text.en},
            "next": [instant.astimezone(zone).isoformat(timespec="minutes") for instant in seen.next],
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
            _json({"revision": card.revision, "untrusted": self._run(execution, log=True)}),
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
        return Used(_json({"draft": _seen(draft)}), cards=(self._shown("draft", DraftCard.shown(draft)),))

    def _read_runs(self, wanted: tools.ReadRuns, use_id: str) -> Used:
        found, _ = running.page(self.store, self.user, agent_id=wanted.agent_id, limit=wanted.limit)
        return Used(_json({"untrusted": {"runs": [self._run(execution, log=False) for execution in found]}}))

    def _read_run(self, wanted: tools.ReadRun, use_id: str) -> Used:
        execution = running.find(self.store, self.user, wanted.run_id)
        return Used(_json({"untrusted": {"run": self._run(execution, log=True)}}))

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

    def _run(self, execution: Execution, *, log: bool) -> dict[str, Any]:
        zone = ZoneInfo(self.user.timezone)
        why = explaining.sentence(execution.error_code, execution.error, self.user.locale)
        run: dict[str, Any] = {
            "runId": execution.id,
            "agentId": execution.agent_id,
            "name": execution.agent.name,
            "rehearsal": execution.rehearsal,
            "status": execution.status,
            "created": execution.created_at.astimezone(zone).isoformat(timespec="minutes"),
            "errorCode": execution.error_code,
            "why": why,
            "kind": execution.result_kind,
            "costMicroUsd": execution.cost_micro_usd,
        }
        if log:
            run |= {
                "result": (execution.result or "")[:MOST_TEXT] or None,
                "hosts": [host.model_dump() for host in execution.hosts],
                "files": [file.path for file in execution.artifacts],
                "log": self._log(execution),
            }
        return run

    def _log(self, execution: Execution) -> str:
        """The end of it, a line an event."""
        after = max(0, running.last_kept_seq(self.store, execution) - LAST_EVENTS)
        events = running.log(self.store, execution, after).items
        lines = (" ".join(f"{event[name]}" for name in event if name not in ("seq", "time")) for event in events)
        return "\n".join(line[:400] for line in lines)[-MOST_TEXT:]


def _patch(wanted: tools.ChangeDraft, zone: str) -> dict[str, Any]:
    """The merge patch of an agent that the call means."""
    given = {
        "name": wanted.name, "description": wanted.description, "finalPrompt": wanted.final_prompt,
        "model": wanted.model, "tools": wanted.tools, "tags": wanted.tags,
    }  # fmt: skip
    patch: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if wanted.hosts is not None:
        patch["network"] = {"allow": wanted.hosts}
    if wanted.schedule is not None:
        patch["schedule"] = _schedule(wanted.schedule, zone).model_dump(mode="json")
    if wanted.no_schedule:
        patch["schedule"] = None
    if wanted.email is not None:
        patch["notify"] = {"email": wanted.email}
    if wanted.limits is not None:
        patch["limits"] = _limits(wanted.limits)
    return patch


def _limits(wanted: tools.WantedLimits) -> dict[str, int]:
    given = {
        "maxCostMicroUsd": _micro(wanted.max_cost_usd), "monthlyCostMicroUsd": _micro(wanted.monthly_cost_usd),
        "timeoutSeconds": wanted.timeout_minutes and wanted.timeout_minutes * 60, "maxTurns": wanted.max_turns,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _micro(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * 1_000_000)


def _schedule(wanted: tools.WantedSchedule, zone: str) -> Schedule:
    schedule = Schedule(
        cron=wanted.cron, timezone=wanted.timezone or zone, calendar=wanted.calendar, on_holiday=wanted.on_holiday,
        last_business_day=wanted.last_business_day,
    )  # fmt: skip
    scheduling.check_fields(schedule)
    return schedule


def _as_wanted(schedule: Schedule) -> dict[str, Any]:
    """The schedule as `change_draft` takes it."""
    return {
        "cron": schedule.cron, "timezone": schedule.timezone, "calendar": schedule.calendar,
        "on_holiday": schedule.on_holiday.value, "last_business_day": schedule.last_business_day,
    }  # fmt: skip


def _question(question: Question) -> dict[str, Any]:
    choices = [{"schedule": _as_wanted(choice)} | {"text": vars(words(choice))} for choice in question.choices]
    return {"question": {"asked": question.asked, "text": vars(question.text), "choices": choices}}


def _seen(draft: Draft) -> dict[str, Any]:
    agent = draft.agent.model_dump(mode="json", exclude={"color", "icon", "slug"})
    schedule = draft.agent.schedule
    return agent | {
        "revision": draft.revision,
        "missing": draft.agent.missing,
        "saved": draft.saved,
        "savedAgent": draft.agent_id if draft.base_version is not None else None,
        "scheduleText": vars(words(schedule)) if schedule else None,
        "rehearsals": len(draft.rehearsals),
    }


def _told(errors: Iterable[Any]) -> str:
    return "; ".join(f"{error.field} {error.message}" for error in errors)[:2_000]


def _plain(card: PriceCard | RehearsalCard) -> dict[str, Any]:
    return card.model_dump(mode="json")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
