"""Giving an execution to one runner, with all it needs to know and a budget set aside."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ohmyagent import records
from ohmyagent.domain.costs import Model, ModelTable
from ohmyagent.domain.errors import Conflict, Gone
from ohmyagent.domain.executions import Execution, Status
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
from ohmyagent.domain.text import digest, new_secret
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Ledger, Month
from ohmyagent.domain.workspaces import Workspace
from ohmyagent.ports import Files, Queue, Store, Transaction
from ohmyagent.use_cases import entrusting, keeping, metering, planning, prompts, uploading
from ohmyagent.use_cases.running.ends import close, month_with, resume
from ohmyagent.use_cases.running.logs import agent_of
from ohmyagent.use_cases.running.requests import input_of
from ohmyagent.use_cases.running.waves import place

log = structlog.get_logger()

TOKEN_MARGIN = timedelta(minutes=5)


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
    gateway_url: str,
    egress_url: str | None = None,
    pace: Pace,
    now: datetime,
) -> Claim:
    """Give the index's execution to exactly one of any number of runners.

    Reserves the run's cap against agent and user; without budget the run ends as failed.
    Raises NotFound for a wrong nonce, Conflict for a second claim, which is logged as a security event, Gone when there
    is nothing to do.
    """
    runner_token, model_secret = new_secret(), new_secret()

    # read apart: of a hundred runners that claim at once none waits for another, for each writes its own run only
    launched, task = place(store, launch_id, index)
    execution_id = records.launches.get(store, launched).run(nonce, task)

    def work(tx: Transaction) -> tuple[Execution, Claim | None]:
        execution = records.executions.get(tx, execution_id).claimed(runner_token, now, pace.lease)
        # the agent is this run's until its end: nobody else changes its files, and its talk waits
        glance = records.Glance(tx)
        user = records.users.find(glance, execution.user_id)
        able = user if user is not None and user.suspended_at is None else None
        month = month_with(tx, execution.user_id, now)
        matter = _Matter.of(glance, execution, now)
        model = _offered(models, execution)
        cap = _cap(execution, month, planning.plan_of(glance, able).monthly_micro_usd, matter.talk) if able else 0
        left = planning.platform_left(glance, able, now) if able else None
        model_token = metering.token_for(execution.id, model_secret)
        ledger = _ledger(execution, models, model, model_token, cap)
        if left is not None and left <= 0 < cap:
            agent = agent_of(tx, execution)
            unstarted = execution.replace(start_time=None)
            ended = close(tx, unstarted, Status.SKIPPED, now, agent, None, month, error_code="platform_budget")
            return ended, None
        if cap <= 0:
            agent = agent_of(tx, execution)
            code = "budget" if able else "suspended" if user else "user_deleted"
            ended = close(tx, execution, Status.FAILED, now, agent, ledger, month, error_code=code)
            return ended, None
        records.executions.put(tx, execution.id, execution)
        records.ledgers.put(tx, ledger.id, ledger)
        records.months.put(tx, month.id, month.reserving(execution.id, execution.account, cap))
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


def _ledger(execution: Execution, models: ModelTable, model: Model, token: str, cap: int) -> Ledger:
    assert execution.lease is not None
    allowed = tuple(dict.fromkeys((model.id, models.small(model).id)))
    return Ledger(
        id=execution.id,
        user_id=execution.user_id,
        agent_id=execution.agent_id,
        token_digest=digest(token),
        epoch=execution.epoch,
        models=allowed,
        cap=max(0, cap),
        expires_at=execution.lease.deadline + TOKEN_MARGIN,
    )


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
