"""Everything that can be refused, as one tree.  The HTTP layer gives each a status, in one table.

Problem
├── Invalid            the request is not well formed; `errors` names each field
│   └── Malformed      the body is not even JSON (or the declared type)
├── Unauthenticated    nobody is signed in
├── Forbidden          signed in (or holding a token), but not for this
│   └── Suspended      by administrators
├── NotFound           there is none, or none of yours
├── Conflict           it cannot be done in the present state
│   ├── AlreadyExists
│   ├── AgentRunning   the agent's workspace is in use
│   └── StaleEpoch     another owner has taken over
├── Gone               it has ended
├── PreconditionFailed `If-Match` names an older version
├── KeyReused          an Idempotency-Key came back with another body
├── TooLarge
├── BudgetExceeded     money
├── PlanLimit          the user's plan allows no more of it
├── RateLimited        pace; `retry_after` seconds
└── Unavailable        the platform cannot do it now
    ├── Contention     retries of a transaction are used up
    └── NoRoom         every slot for a run is taken
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field; `field` is a dotted path such as `limits.timeoutSeconds`."""

    field: str
    message: str


class Problem(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    korean: ClassVar[str] = "문제가 생겼습니다."

    def __init__(self, detail: str | None = None, *, korean: str | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.detail_korean = korean or detail or type(self).korean
        super().__init__(self.detail)

    def said(self, language: str) -> str:
        """The sentence for a person, in `ko` or else in English."""
        return self.detail_korean if language == "ko" else self.detail


class Invalid(Problem):
    """Some fields are not valid."""

    code = "invalid"
    korean = "잘못된 항목이 있습니다."

    def __init__(self, *errors: FieldError, detail: str | None = None, korean: str | None = None) -> None:
        super().__init__(detail, korean=korean)
        self.errors = errors

    @classmethod
    def of(cls, field: str, message: str) -> "Invalid":
        return cls(FieldError(field, message))


class Malformed(Invalid):
    """The body is not valid JSON."""

    code = "malformed"
    korean = "본문이 올바른 JSON이 아닙니다."


class Unauthenticated(Problem):
    """Please sign in."""

    code = "unauthenticated"
    korean = "로그인이 필요합니다."


class Forbidden(Problem):
    """This is not allowed."""

    code = "forbidden"
    korean = "허용되지 않은 요청입니다."


class Suspended(Forbidden):
    """This account has been suspended; please write to whoever runs this platform."""

    code = "suspended"
    korean = "정지된 계정입니다. 플랫폼 운영자에게 문의해 주세요."


class NotFound(Problem):
    """There is no such thing."""

    code = "not_found"
    korean = "찾을 수 없습니다."


class Conflict(Problem):
    """This cannot be done in the present state."""

    code = "conflict"
    korean = "지금 상태에서는 할 수 없습니다."


class AlreadyExists(Conflict):
    """It exists already."""

    code = "already_exists"
    korean = "이미 있습니다."


class AgentRunning(Conflict):
    """The agent is running; wait until the run has ended."""

    code = "agent_running"
    korean = "에이전트가 실행 중입니다. 끝난 뒤에 다시 시도해 주세요."


class StaleEpoch(Conflict):
    """Another runner has taken this execution over."""

    code = "stale_epoch"
    korean = "다른 실행기가 이 실행을 이어받았습니다."


class Gone(Problem):
    """It has ended."""

    code = "gone"
    korean = "이미 끝났습니다."


class PreconditionFailed(Problem):
    """It was changed in the meantime; load it again."""

    code = "stale"
    korean = "그 사이에 변경되었습니다. 다시 불러와 주세요."


class KeyReused(Problem):
    """This Idempotency-Key was used with another request."""

    code = "idempotency_key_reused"
    korean = "같은 Idempotency-Key가 다른 요청에 쓰였습니다."


class TooLarge(Problem):
    """The request is too large."""

    code = "too_large"
    korean = "요청이 너무 큽니다."


class BudgetExceeded(Problem):
    """The budget is used up."""

    code = "budget_exceeded"
    korean = "예산을 모두 썼습니다."


class PlanLimit(Problem):
    """Your plan allows no more of this."""

    code = "plan_limit"
    korean = "지금 요금제에서는 더 쓸 수 없습니다."


class RateLimited(Problem):
    """Too many requests; please slow down."""

    code = "rate_limited"
    korean = "요청이 너무 잦습니다. 잠시 뒤에 다시 시도해 주세요."

    def __init__(self, retry_after: float = 1.0, detail: str | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(Problem):
    """The platform cannot do this at the moment; please try again."""

    code = "unavailable"
    korean = "지금은 처리할 수 없습니다. 잠시 뒤에 다시 시도해 주세요."


class Contention(Unavailable):
    """Too many changes at once; please try again."""

    code = "contention"


class NoRoom(Unavailable):
    """Every slot for a run is taken."""

    code = "no_room"
    korean = "실행 자리가 모두 찼습니다."
