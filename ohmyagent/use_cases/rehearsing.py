"""Trial runs of a draft: for real in the sandbox, with a small cap, and nothing of them is kept but their log."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import AgentDraft, NotifyMail
from ohmyagent.domain.cards import RehearsalCard, Said
from ohmyagent.domain.costs import Model, ModelTable
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.errors import Conflict, Invalid, KeyReused
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.domain.text import derived_id, digest, new_id
from ohmyagent.ports import Queue, Store, Transaction
from ohmyagent.reach import admits
from ohmyagent.use_cases import drafting, explaining, planning, running, uploading

CAP_MICRO_USD = 100_000
LONGEST = timedelta(minutes=10)


def cap(draft: AgentDraft) -> int:
    """The most that a trial run of the draft may cost, in micro-dollars."""
    return min(CAP_MICRO_USD, draft.limits.max_cost_micro_usd)


def start(
    store: Store,
    queue: Queue,
    models: ModelTable,
    user: User,
    conversation_id: str,
    revision: int,
    *,
    allow: Sequence[str] = (),
    now: datetime,
    key: str | None = None,
) -> tuple[Draft, Execution]:
    """Accept a trial run of the revision; `allow` adds hosts to the draft first.  The same `key` is the same run.

    Raises NotFound, Conflict for another revision or while the conversation's last trial run goes on, Invalid when
    something is missing, PlanLimit (it is one of the day's runs), KeyReused.
    """
    wanted = digest(f"{revision} {' '.join(allow)}")
    execution_id = derived_id("x", user.id, conversation_id, "rehearsals", key) if key else new_id("x")
    given = tuple(upload.id for upload in uploading.of_conversation(store, user, conversation_id))

    def work(tx: Transaction) -> tuple[Draft, Execution]:
        existing = records.executions.find(tx, execution_id)
        draft = drafting.present(tx, user, conversation_id, now)
        if existing is not None:
            return draft, _same(existing, wanted)
        draft = _allowing(draft.at(revision), allow, now)
        agent = draft.agent.complete()
        _none_goes_on(tx, draft)
        execution = Execution.rehearsed(
            _small(agent), _offered(models, agent), id=execution_id, agent_id=draft.agent_id,
            version=draft.base_version or 0, user_id=user.id, conversation_id=conversation_id, uploads=given, now=now,
        ).replace(request_digest=wanted)  # fmt: skip
        _spend_ration(tx, user, execution, now)
        draft = draft.rehearsing(execution.id)
        records.drafts.put(tx, draft.id, draft)
        return draft, records.executions.create(tx, execution.id, execution)

    draft, execution = store.transact(work)
    if execution.status is Status.QUEUED:
        running.dispatch(queue, execution.launch_id)
    return draft, execution


def _same(existing: Execution, wanted: str) -> Execution:
    """The run that the key began before; raises KeyReused for another request."""
    if existing.request_digest != wanted:
        raise KeyReused()
    return existing


def _spend_ration(tx: Transaction, user: User, execution: Execution, now: datetime) -> None:
    """One of the day's runs, or PlanLimit."""
    rations = planning.Rations(tx)
    if rations.admitted(execution, now).ended:
        raise planning.refusal(planning.plan_of(tx, user))
    rations.write()


def newest(documents: records.Documents, draft: Draft) -> Execution | None:
    """The conversation's last trial run."""
    return records.executions.find(documents, draft.rehearsals[-1].execution_id) if draft.rehearsals else None


def proposed(draft: Draft) -> RehearsalCard:
    """A trial run that the user may start; raises Invalid naming what is missing for it."""
    return RehearsalCard(revision=draft.revision, cap=cap(draft.agent.complete()))


def card_id(card: RehearsalCard) -> str:
    """Proposed, begun and ended are one card for a revision."""
    return f"rehearsal-{card.revision}"


def card(store: Store, draft: Draft, execution: Execution, now: datetime) -> RehearsalCard:
    """How that trial run stands."""
    entry = next((e for e in draft.rehearsals if e.execution_id == execution.id), None)
    revision = entry.revision if entry else draft.revision
    shown = RehearsalCard.shown(running.shown(store, execution), revision, now, _why(execution))
    rules = execution.agent.network.allow
    return shown.replace(
        allowable=tuple(tried.host for tried in shown.hosts if not tried.allowed and not admits(rules, tried.host))
    )


def _why(execution: Execution) -> Said | None:
    ko, en = (explaining.sentence(execution.error_code, execution.error, language) for language in ("ko", "en"))
    return Said(ko=ko, en=en) if ko and en else None


def _allowing(draft: Draft, allow: Sequence[str], now: datetime) -> Draft:
    if not allow:
        return draft
    hosts = [*draft.agent.network.allow, *allow]
    return draft.edited(drafting.patched(draft.agent, {"network": {"allow": hosts}}), now)


def _small(agent: AgentDraft) -> AgentDraft:
    """The agent with the cap and the time of a trial run, which tells nobody of its end."""
    seconds = min(agent.limits.timeout_seconds, int(LONGEST.total_seconds()))
    limits = agent.limits.replace(max_cost_micro_usd=cap(agent), timeout_seconds=seconds)
    notify = agent.notify.replace(email=NotifyMail.NEVER, webhook_url=None)
    return agent.replace(limits=limits, notify=notify)


def _offered(models: ModelTable, agent: AgentDraft) -> Model:
    model = models.find(agent.model)
    if model is None:
        raise Invalid.of("agent.model", f"{agent.model} is not a model of this platform")
    return model


def _none_goes_on(tx: Transaction, draft: Draft) -> None:
    last = newest(tx, draft)
    if last is not None and not last.ended:
        raise Conflict("A trial run is going on already.", korean="시험 실행이 이미 진행 중입니다.")
