"""How a run ended, judged from everything that was seen of it."""

from __future__ import annotations

from dataclasses import dataclass

from ohmyagent.runner.stream import Result

STDERR_CHARACTERS = 600
PAYMENT_REQUIRED = 402

# Why the supervisor ends a run; the values are the outcome, the error code and the sentence.
STOPPED = {
    "cancelled": ("cancelled", None, None),
    "timeout": ("timed_out", "timeout", "The run took longer than its time limit."),
    "memory": ("failed", "memory", "The run needed more memory than it may use."),
    "disk": ("failed", "disk", "The run wrote more files than it may."),
    "output": ("failed", "output", "The run printed more than it may."),
    "terminated": ("failed", "killed", "The machine that ran the agent was shut down."),
}
TERMINAL_REASONS = {
    "max_turns": ("max_turns", "The run reached its limit of turns."),
    "budget_exhausted": ("budget", "The run reached its budget."),
}


@dataclass(frozen=True)
class Ending:
    """What was seen of a run when no process of it is left."""

    stop: str | None
    """A key of STOPPED when the supervisor ended the run."""
    result: Result | None
    exit_code: int
    memory_kills: int
    model_calls: int
    stderr: str
    finished: bool = False
    """It had answered, and was only asked for the kind of its answer."""


@dataclass(frozen=True)
class Verdict:
    """The outcome by the runner protocol; code and sentence are None when there was no error."""

    outcome: str
    error_code: str | None = None
    error: str | None = None


def verdict(ending: Ending) -> Verdict:
    """Success needs a last result line without error and at least one call to the model."""
    if ending.stop:
        return Verdict(*STOPPED[ending.stop])
    if ending.result is None:
        return _silent(ending)
    if ending.result.is_error and not _only_the_kind_is_missing(ending):
        return Verdict("failed", *_error(ending.result))
    if not ending.model_calls:
        return Verdict("failed", "agent", "The agent ended without asking the model.")
    return Verdict("succeeded")


def _only_the_kind_is_missing(ending: Ending) -> bool:
    """The work was done within its turns; the one more in which the CLI asks for the kind is no reason to fail."""
    return ending.finished and ending.result is not None and ending.result.terminal_reason == "max_turns"


def _silent(ending: Ending) -> Verdict:
    """The program ended without a result line."""
    if ending.memory_kills:
        return Verdict("failed", "memory", "The agent was ended because the run was out of memory.")
    said = " ".join(ending.stderr.split())[:STDERR_CHARACTERS]
    return Verdict("failed", "killed", f"The agent ended by itself with exit code {ending.exit_code}. {said}".strip())


def _error(result: Result) -> tuple[str, str]:
    if result.api_error_status == PAYMENT_REQUIRED:
        return "budget", f"The run reached its budget: {result.reason}"
    if result.terminal_reason in TERMINAL_REASONS:
        return TERMINAL_REASONS[result.terminal_reason]
    code = "upstream" if result.terminal_reason == "api_error" else "agent"
    return code, result.reason or "The agent reported an error without saying which."
