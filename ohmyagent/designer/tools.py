"""What the designer's model may use, and what each takes.

There is none to save, activate, schedule, run or spend with: those are the user's clicks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ohmyagent.domain.agents import Host, NotifyMail, Tag, Tool
from ohmyagent.domain.cards import MOST_OPTIONS, Option
from ohmyagent.domain.schedules import Cron, OnHoliday, Zone
from ohmyagent.domain.text import Instructions, Line, Name

LONGEST_WISH = 2_000
MOST_RUNS = 20


class Input(BaseModel):
    """What a tool takes: nothing unknown, nothing guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Input):
    """It takes nothing."""


class WantedSchedule(Input):
    """When the agent shall run, in the five fields of cron."""

    cron: Annotated[Cron, Field(description="minute hour day month weekday, such as `0 9 * * 1-5`")]
    timezone: Annotated[Zone | None, Field(description="IANA zone; the user's own when left out")] = None
    calendar: Annotated[Literal["KR"] | None, Field(description="whose public holidays count")] = None
    on_holiday: Annotated[OnHoliday, Field(description="`skip` needs a calendar")] = OnHoliday.RUN
    last_business_day: Annotated[
        bool, Field(description="only on the last business day of the month; day and weekday are `*` then")
    ] = False


class WantedLimits(Input):
    """What one run and one month may take at most."""

    max_cost_usd: Annotated[float | None, Field(ge=0.001, le=100)] = None
    monthly_cost_usd: Annotated[float | None, Field(ge=0.001, le=10_000)] = None
    timeout_minutes: Annotated[int | None, Field(ge=1, le=60)] = None
    max_turns: Annotated[int | None, Field(ge=1, le=200)] = None


class ChangeDraft(Input):
    """Fields that are left out stay as they are."""

    name: Annotated[Name | None, Field(description="a short name in the user's language")] = None
    description: Annotated[Line | None, Field(max_length=500, description="one sentence for the agent's card")] = None
    final_prompt: Annotated[
        Instructions | None,
        Field(description="the whole standing instructions of the agent, which runs unattended"),
    ] = None
    model: Annotated[str | None, Field(max_length=100, description="an alias such as `haiku`")] = None
    tools: Annotated[list[Tool] | None, Field(description="the fewest that the work needs")] = None
    hosts: Annotated[
        list[Host] | None,
        Field(max_length=50, description="every host it may reach; only ones that the user named or agreed to"),
    ] = None
    schedule: Annotated[WantedSchedule | None, Field(description="as `propose_schedule` gave it back")] = None
    no_schedule: Annotated[bool, Field(description="true takes the schedule away")] = False
    email: Annotated[NotifyMail | None, Field(description="when the user gets a mail about a run")] = None
    limits: WantedLimits | None = None
    tags: Annotated[list[Tag] | None, Field(max_length=10)] = None


class ProposeSchedule(Input):
    """Either words or fields."""

    text: Annotated[
        str | None,
        Field(max_length=LONGEST_WISH, description="what the user said, in their own words; a whole sentence is fine"),
    ] = None
    schedule: Annotated[WantedSchedule | None, Field(description="when words are not understood")] = None


class Ask(Input):
    """A question that only the user can answer."""

    question: Annotated[Line, Field(min_length=1, max_length=300)]
    options: Annotated[
        list[Option],
        Field(min_length=1, max_length=MOST_OPTIONS, description="likely answers; `text` is sent when it is clicked"),
    ]


class EditAgent(Input):
    """A saved agent, whose next version the draft becomes."""

    agent_id: Annotated[str, Field(max_length=128)]


class ReadRuns(Input):
    """Of one agent, or of all."""

    agent_id: Annotated[str | None, Field(max_length=128)] = None
    limit: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 5


class ReadRun(Input):
    """One run."""

    run_id: Annotated[str, Field(max_length=128)]


@dataclass(frozen=True)
class ToolKind:
    """A tool as the model is told of it."""

    name: str
    description: str
    takes: type[Input]

    @property
    def document(self) -> dict[str, Any]:
        schema = self.takes.model_json_schema()
        return {"name": self.name, "description": self.description, "input_schema": schema}


TOOLS: Sequence[ToolKind] = (
    ToolKind("read_draft", "The agent as it is drafted now, and what it still lacks.", Nothing),
    ToolKind(
        "change_draft",
        "Change the draft and show it to the user as a card. It is only a draft: the user saves it by a click.",
        ChangeDraft,
    ),
    ToolKind(
        "propose_schedule",
        "Read a schedule back in words, with its next five times in the user's zone, and show it as a card. The answer "
        "is a question instead when the words leave something open: then use `ask`, never guess.",
        ProposeSchedule,
    ),
    ToolKind(
        "estimate_price",
        "What a run and a month cost, as measured by trial runs, shown as a card. Without one only the cap is known.",
        Nothing,
    ),
    ToolKind(
        "propose_rehearsal",
        "Show a card by which the user can try the draft once, for real, with a small cap. It runs only if they click.",
        Nothing,
    ),
    ToolKind("read_rehearsal", "How the last trial run went, with its result, hosts and the end of its log.", Nothing),
    ToolKind("list_agents", "The user's saved agents.", Nothing),
    ToolKind(
        "edit_agent",
        "Make this conversation's draft the next version of a saved agent. Refused while another draft is unsaved.",
        EditAgent,
    ),
    ToolKind("read_runs", "The latest runs of one agent or of all, newest first, with why they ended.", ReadRuns),
    ToolKind("read_run", "One run: why it ended, its result and the end of its log.", ReadRun),
    ToolKind(
        "explain_limits", "What this user and this platform allow: models, prices, caps, intervals, sandbox.", Nothing
    ),
    ToolKind("ask", "Show a question with quick replies. Say nothing after it; the answer is the next message.", Ask),
)

BY_NAME = {tool.name: tool for tool in TOOLS}
