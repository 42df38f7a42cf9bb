"""A mail from its cause: an agent, and perhaps one of its runs, for one user in their language and zone."""

from datetime import datetime

from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.mail import Fact, MailKind, MailState, OutboxMail
from ohmyagent.domain.moments import moment
from ohmyagent.domain.text import derived_id
from ohmyagent.use_cases import explaining
from ohmyagent.use_cases.mails.sayings import CUT, FACTS, KINDS, UNKNOWN, said, saying

LONGEST_BODY = 20_000
"""Characters of a result in a mail."""


def about_run(
    kind: MailKind,
    user: User,
    agent: Agent,
    run: Execution,
    *,
    now: datetime,
    due: datetime | None = None,
    count: int = 1,
    with_result: bool = False,
) -> OutboxMail:
    """A mail on a run's end.  At once, it is the only one for that run; else the agent's digest of that `due`."""
    id = derived_id("m", "run", run.id) if due is None else digest_id(agent, due)
    body = run.result if with_result else None
    return _mail(kind, user, agent, id, now, due or now, count).replace(
        execution_id=run.id,
        facts=_facts(user, run),
        body=None if body is None else _cut(body, user),
        place=f"#/executions/{run.id}",
    )


def digest_id(agent: Agent, due: datetime) -> str:
    """Of the mail that goes out at that instant and tells of all failures until then."""
    return derived_id("m", "digest", agent.id, due.isoformat())


def about_agent(kind: MailKind, user: User, agent: Agent, cause: str, *, why: str = "", now: datetime) -> OutboxMail:
    """A mail on the agent itself; the same `cause` is the same mail."""
    mail = _mail(kind, user, agent, derived_id("m", kind.value, agent.id, cause), now, now, 1, why)
    if agent.next_run_at is None:
        return mail
    coming = moment(agent.next_run_at, user.timezone, user.locale)
    return mail.replace(facts=(Fact(name=said(FACTS["next"], user.locale), value=coming),))


def _mail(
    kind: MailKind, user: User, agent: Agent, id: str, now: datetime, due: datetime, count: int, why: str = ""
) -> OutboxMail:
    words = saying(kind, user.locale)
    filled = {"name": agent.name, "count": count, "why": why}
    return OutboxMail(
        id=id,
        user_id=user.id,
        agent_id=agent.id,
        kind=kind,
        to=user.email,
        language=user.locale,
        subject=words.subject.format(**filled),
        lines=tuple(line.format(**filled) for line in words.lines),
        place=f"#/agents/{agent.id}",
        count=count,
        state=MailState.QUEUED if user.email else MailState.NO_ADDRESS,
        created_at=now,
        due_at=due,
    )


def _facts(user: User, run: Execution) -> tuple[Fact, ...]:
    language = user.locale
    found: dict[str, str | None] = {
        "due": _moment(user, run.due_time),
        "until": _moment(user, run.span.until if run.span and run.span.count != 1 else None),
        "started": _moment(user, run.start_time),
        "why": explaining.sentence(run.error_code, run.error, language),
        "kind": said(KINDS[run.result_kind.value], language) if run.result_kind else None,
        "cost": _cost(run, user),
    }
    return tuple(Fact(name=said(FACTS[name], language), value=value) for name, value in found.items() if value)


def _moment(user: User, instant: datetime | None) -> str | None:
    return None if instant is None else moment(instant, user.timezone, user.locale)


def _cost(run: Execution, user: User) -> str | None:
    if run.start_time is None:
        return None
    return said(UNKNOWN, user.locale) if run.cost_micro_usd is None else f"${run.cost_micro_usd / 1_000_000:.4f}"


def _cut(text: str, user: User) -> str:
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n\n{said(CUT, user.locale)}"
