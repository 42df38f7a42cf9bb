"""What the model is told of a draft, a question and a run."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ohmyagent.designer.patches import as_wanted
from ohmyagent.domain.accounts import User
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.schedule_speech import Question
from ohmyagent.domain.schedule_words import words
from ohmyagent.ports import Store
from ohmyagent.use_cases import explaining, running

MOST_TEXT = 6_000
"""Letters of a result or a log that the model is given."""
LAST_EVENTS = 40


def question(asked: Question) -> dict[str, Any]:
    choices = [{"schedule": as_wanted(choice)} | {"text": vars(words(choice))} for choice in asked.choices]
    return {"question": {"asked": asked.asked, "text": vars(asked.text), "choices": choices}}


def drafted(draft: Draft) -> dict[str, Any]:
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


def run(execution: Execution, user: User) -> dict[str, Any]:
    """A run in short, with why it ended as it did."""
    return {
        "runId": execution.id,
        "agentId": execution.agent_id,
        "name": execution.agent.name,
        "rehearsal": execution.rehearsal,
        "status": execution.status,
        "created": local(execution.created_at, user),
        "errorCode": execution.error_code,
        "why": explaining.sentence(execution.error_code, execution.error, user.locale),
        "kind": execution.result_kind,
        "costMicroUsd": execution.cost_micro_usd,
    }


def whole_run(store: Store, execution: Execution, user: User) -> dict[str, Any]:
    """The same with its result, what it tried and left, and the end of its log."""
    return run(execution, user) | {
        "result": (execution.result or "")[:MOST_TEXT] or None,
        "hosts": [host.model_dump() for host in execution.hosts],
        "files": [file.path for file in execution.artifacts],
        "log": _log(store, execution),
    }


def local(instant: datetime, user: User) -> str:
    """By the clocks of the user's zone, to the minute."""
    return instant.astimezone(ZoneInfo(user.timezone)).isoformat(timespec="minutes")


def _log(store: Store, execution: Execution) -> str:
    """The end of it, a line an event."""
    after = max(0, running.last_kept_seq(store, execution) - LAST_EVENTS)
    events = running.log(store, execution, after).items
    lines = (" ".join(f"{event[name]}" for name in event if name not in ("seq", "time")) for event in events)
    return "\n".join(line[:400] for line in lines)[-MOST_TEXT:]
