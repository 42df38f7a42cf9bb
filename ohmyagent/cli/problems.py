"""Why a command ends early, as one sentence for a person.

Stop
├── Usage         the command was not given as it should be (exit code 2)
├── NotRunning    there is no platform to talk to
├── Unreachable   there should be one, but it does not answer
└── Refused       the platform said no
"""

from typing import TYPE_CHECKING, Any, ClassVar

from ohmyagent.cli import words

if TYPE_CHECKING:
    from ohmyagent.domain.errors import Problem


class Stop(Exception):
    """The command ends here; the text says why."""

    code: ClassVar[int] = 1


class Usage(Stop):
    """The command was not given as it should be."""

    code = 2


class NotRunning(Stop):
    """There is no platform to talk to."""

    def __init__(self) -> None:
        super().__init__(words.NOT_RUNNING())


class Unreachable(Stop):
    """The platform does not answer."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(words.UNREACHABLE(url=url, reason=reason))
        self.reason = reason


class Refused(Stop):
    """The platform refused; `problem` is its problem document (RFC 9457), empty when it sent none."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        lines = [problem.get("detail") or words.REFUSED(status=status)]
        lines += [f"  {wrong['field']}: {wrong['message']}" for wrong in problem.get("errors") or ()]
        super().__init__("\n".join(lines))
        self.status = status
        self.problem = problem


def of_domain(problem: "Problem") -> Stop:
    """The same for what failed in this process."""
    return Stop("\n".join([problem.said(words.LANGUAGE), *faults(problem)]))


def faults(problem: "Problem") -> list[str]:
    """A line for each field that is wrong."""
    from ohmyagent.http import sentences  # only now: most commands never need it

    errors = getattr(problem, "errors", ())
    return [f"  {wrong.field}: {sentences.said(wrong.message, words.LANGUAGE)}" for wrong in errors]
