"""Giving an execution to one runner, with all it needs to know and a budget set aside."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from ohmyagent import records
from ohmyagent.domain.costs import Model, ModelTable
from ohmyagent.domain.errors import Conflict, Gone, NotFound
from ohmyagent.domain.executions import Execution, Launch, Status
from ohmyagent.domain.runner import (
    Claim,
    Pace,
    SandboxLimits,
    Spec,
    SpecNetwork,
    SpecSession,
    SpecWorkspace,
    WorkspaceFile,
)
from ohmyagent.domain.talks import Talk
from ohmyagent.domain.text import derived_secret, new_secret
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Month
from ohmyagent.domain.workspaces import Workspace
from ohmyagent.ports import Files, Queue, Store, Transaction
from ohmyagent.use_cases import entrusting, keeping, metering, planning, prompts, uploading
from ohmyagent.use_cases.running.ends import close, month_with, resume
from ohmyagent.use_cases.running.logs import agent_of, batch_id
from ohmyagent.use_cases.running.requests import input_of
from ohmyagent.use_cases.running.waves import place

log = structlog.get_logger()


@dataclass(frozen=True)
class _Matter:
    """What a run works on: its input or the person's message, the conversation it answers in, and files."""

    data: str | None
    talk: Talk | None
    given: tuple[Upload, ...]
    manifest: Workspace

    @classmethod
    def of(cls, documents: records.Readable, execution: Execution, now: datetime) -> "_Matter":
        given = (records.uploads.find(documents, id) for id in execution.uploads)
        return cls(
            data=input_of(documents, execution),
            talk=records.talks.find(documents, execution.talk_id) if execution.talk_id else None,
            given=tuple(upload for upload in given if upload is not None),
            manifest=keeping.workspace(documents, execution.user_id, execution.agent_id, now),
        )


def claim(
    store: Store,
    queue: Queue,
    files: Files,
    models: ModelTable,
    launch_id: str,
    nonce: str,
    index: int,
    *,
    claim_id: str | None = None,
    handle: str | None = None,
    gateway_url: str,
    egress_url: str | None = None,
    pace: Pace,
    now: datetime,
) -> Claim:
    """Give the index's execution to exactly one of any number of runners; `handle` is for Jobs, to find it again.

    Reserves the run's cap against agent and user; without budget the run ends as failed.  A runner whose answer was
    lost claims again with the same `claim_id`, a secret of its own, and gets the same tokens, until its first report.
    Raises NotFound for a wrong nonce, Conflict for a second claim, which is logged as a security event, Gone when there
    is nothing to do.
    """
    # from the same claim follow the same tokens: one that is late does not put another in the place of what was given
    own = claim_id or new_secret()
    runner_token, model_secret = (derived_secret(own, use, launch_id, nonce, str(index)) for use in ("runner", "model"))
    execution_id = _run_of(store, launch_id, nonce, index)

    def work(tx: Transaction) -> tuple[Execution, Claim | None]:
        # the agent is this run's until its end: nobody else changes its files, and its talk waits
        glance = records.Glance(tx)
        found = records.executions.get(tx, execution_id)
        again = found.token_digest is not None
        execution = found.claimed(nonce, runner_token, now, pace.lease, claim_id=claim_id, handle=handle, task=index)
        if again and _has_worked(glance, execution):
            raise Conflict("This run's runner has reported already.", korean="이미 시작된 실행입니다.")
        matter = _Matter.of(glance, execution, now)
        model = _offered(models, execution)
        model_token = metering.token_for(execution.id, model_secret)
        allowed = tuple(dict.fromkeys((model.id, models.small(model).id)))
        if again and found.purse is not None:
            cap = found.purse.cap
        else:
            month = month_with(tx, execution.user_id, now)
            cap, refusal = _budget(glance, execution, month, matter.talk, now)
            if refusal is not None:
                return _unfunded(tx, execution.funded(model_token, allowed, cap), month, refusal, now), None
            records.months.put(tx, month.id, month.reserving(execution.id, execution.account, cap))
        execution = records.executions.put(tx, execution.id, execution.funded(model_token, allowed, cap))
        spec = _spec(execution, matter, files, model, models, model_token, cap, gateway_url, egress_url, pace, now)
        return execution, Claim(execution_id=execution.id, token=runner_token, epoch=execution.epoch, spec=spec)

    try:
        execution, claimed = store.transact(work)
    except Conflict:
        # whoever has the nonce is the first runner's equal: a copy of it, or its agent, or somebody who read the launch
        log.warning("A second claim", security=True, launch=launch_id, index=index)
        raise
    if claimed is None:
        resume(store, queue, execution)
        raise Gone("The budget is used up.")
    if execution.rehearsal:
        _show(store, execution, now)
    return _told_of_secrets(store, execution, claimed)


def _run_of(store: Store, launch_id: str, nonce: str, index: int) -> str:
    """The id of the run that the task is for; raises NotFound.

    Read apart: of a hundred runners that claim at once none waits for another, for each writes its own run only.
    """
    launched, task = place(store, launch_id, index)
    if Launch.is_document(launched):
        return records.launches.get(store, launched).run(nonce, task)
    if task != 0:
        raise NotFound()
    return launched


def _has_worked(documents: records.Readable, execution: Execution) -> bool:
    """Whether the run's runner has left a trace: the first of its events, or a model call."""
    first = records.batches(execution.id).find(documents, batch_id(1))
    return first is not None or records.ledgers.find(documents, execution.id) is not None


def _budget(
    documents: records.Readable, execution: Execution, month: Month, talk: Talk | None, now: datetime
) -> tuple[int, str | None]:
    """Micro-dollars for the run, and why it may not begin."""
    user = records.users.find(documents, execution.user_id)
    if user is None or user.deleted_at is not None:
        return 0, "user_deleted"
    if user.suspended_at is not None:
        return 0, "suspended"
    cap = _cap(execution, month, planning.plan_of(documents, user).monthly_micro_usd, talk)
    if cap <= 0:
        return cap, "budget"
    left = planning.platform_left(documents, user, now)
    return cap, "platform_budget" if left is not None and left <= 0 else None


def _unfunded(tx: Transaction, execution: Execution, month: Month, refusal: str, now: datetime) -> Execution:
    """The end of a run that may not begin: that the platform has no money is not its failure."""
    agent = agent_of(tx, execution)
    if refusal == "platform_budget":
        unstarted = execution.replace(start_time=None, purse=None)
        return close(tx, unstarted, Status.SKIPPED, now, agent, None, month, error_code=refusal)
    return close(tx, execution, Status.FAILED, now, agent, execution.ledger, month, error_code=refusal)


def _show(store: Store, begun: Execution, now: datetime) -> None:
    from ohmyagent.use_cases import showing  # conversations know runs, so runs learn of them no earlier than this

    showing.rehearsal(store, begun, now)


def _told_of_secrets(store: Store, execution: Execution, claim: Claim) -> Claim:
    """The agent learns for which hosts secrets are added, never which."""
    hosts = entrusting.served_hosts(store, execution.agent_id, claim.spec.network.allow)
    told = prompts.text("secrets").replace("{hosts}", ", ".join(hosts)) if hosts else ""
    return claim.replace(
        spec=claim.spec.replace(system_prompt=claim.spec.system_prompt.replace("{secrets}\n", told, 1))
    )


def _offered(models: ModelTable, execution: Execution) -> Model:
    model = models.find(execution.model)
    if model is None:
        raise Gone("The model is no longer offered.")
    return model


def _cap(execution: Execution, month: Month, user_cap: int | None, talk: Talk | None) -> int:
    """The run's own cap, or what agent (but for a rehearsal) and user have left of their months, or a talk has."""
    limits = execution.agent.limits
    left = [limits.max_cost_micro_usd]
    if not execution.rehearsal:
        left.append(limits.monthly_cost_micro_usd - month.committed(execution.agent_id))
    if talk is not None:
        left.append(talk.left)
    if user_cap is not None:
        left.append(user_cap - month.committed())
    return min(left)


def _spec(
    execution: Execution,
    matter: _Matter,
    files: Files,
    model: Model,
    models: ModelTable,
    model_token: str,
    cap: int,
    gateway_url: str,
    egress_url: str | None,
    pace: Pace,
    now: datetime,
) -> Spec:
    draft = execution.agent
    hosts = ", ".join(draft.network.allow) or "none"
    talk, data = matter.talk, matter.data
    return Spec(
        prompt=draft.final_prompt if talk is None else data or "",
        system_prompt=prompts.system(hosts) if talk is None else prompts.talk(hosts, draft.final_prompt),
        model=model.id,
        small_model=models.small(model).id,
        model_token=model_token,
        tools=draft.tools,
        max_turns=draft.limits.max_turns,
        max_cost_micro_usd=cap,
        timeout_seconds=draft.limits.timeout_seconds,
        network=SpecNetwork(allow=draft.network.allow),
        limits=SandboxLimits(),
        input=data if talk is None else None,
        workspace=SpecWorkspace(files=_workspace(files, matter, now), save=not execution.rehearsal),
        heartbeat_seconds=pace.heartbeat_seconds,
        flush_seconds=pace.flush_seconds,
        orphan_seconds=pace.orphan_seconds,
        gateway_url=gateway_url,
        egress_url=egress_url,
        session=None if talk is None else SpecSession(id=talk.session, record=_record(files, talk, now)),
    )


def _workspace(files: Files, matter: _Matter, now: datetime) -> tuple[WorkspaceFile, ...]:
    """The agent's files, and those given to a rehearsal's conversation, which a saved agent would find there."""
    kept = {file.path: file for file in keeping.restored(files, matter.manifest, now)}
    for upload in matter.given:
        url = files.download_url(uploading.body_key(upload), now + keeping.URL_LENGTH)
        kept[upload.path] = WorkspaceFile(path=upload.path, bytes=upload.bytes, sha256=upload.sha256, url=url)
    return tuple(kept.values())


def _record(files: Files, talk: Talk, now: datetime) -> WorkspaceFile | None:
    """The CLI's record of the conversation so far, with its address."""
    if talk.record is None:
        return None
    key = keeping.body_key(talk.user_id, talk.agent_id, talk.record.sha256)
    return WorkspaceFile(**dict(talk.record), url=files.download_url(key, now + keeping.URL_LENGTH))
