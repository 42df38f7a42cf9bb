"""Accepting runs: from the request on, a run ends in a named state."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Conflict, Invalid, KeyReused
from ohmyagent.domain.executions import Execution, ExecutionInput, ExecutionRequest, Status, Trigger
from ohmyagent.domain.text import derived_id, digest, new_id
from ohmyagent.ports import Queue, Store, Task, Transaction
from ohmyagent.use_cases import announcing, designing, planning
from ohmyagent.use_cases.running.logs import find


def request(
    store: Store,
    queue: Queue,
    models: ModelTable,
    user: User,
    agent_id: str,
    wanted: ExecutionRequest,
    *,
    now: datetime,
    trigger: Trigger = Trigger.MANUAL,
    key: str | None = None,
    retry_of: str | None = None,
    talk_id: str | None = None,
) -> Execution:
    """Accept a run: from here on it ends in a named state.  The same `key` is the same run.

    When the plan has no more runs for the day, a webhook's ends as skipped, and any other raises PlanLimit.
    Raises NotFound, Invalid when the agent's model is no longer offered, KeyReused, and Suspended.
    """
    body = digest(wanted.model_dump_json())
    execution_id = requested_id(user.id, agent_id, key) if key else new_id("x")

    def work(tx: Transaction) -> Execution:
        existing = records.executions.find(tx, execution_id)
        if existing is not None:
            if existing.request_digest != body:
                raise KeyReused()
            return existing
        glance = records.Glance(tx)  # launch and claim look again whether agent and user still may
        (records.users.find(glance, user.id) or user).able()
        agent = designing.find(glance, user, agent_id)
        model = models.find(agent.model)
        if model is None:
            raise Invalid.of("model", f"{agent.model} is not a model of this platform")
        rations = planning.Rations(tx)
        queued = Execution.queued(agent, model, id=execution_id, trigger=trigger, now=now)
        execution = rations.admitted(queued, now)
        if execution.ended and trigger is not Trigger.WEBHOOK:
            raise planning.refusal(planning.plan_of(glance, user))
        rations.write()
        given = wanted.input is not None
        execution = execution.replace(has_input=given, request_digest=body, retry_of=retry_of, talk_id=talk_id)
        if wanted.input is not None:
            entry = ExecutionInput(id=execution.id, user_id=user.id, text=wanted.input)
            records.inputs.create(tx, entry.id, entry)
        if execution.ended:
            announcing.announce(tx, agent, execution, now)
        return records.executions.create(tx, execution.id, execution)

    execution = store.transact(work)
    if execution.status is Status.QUEUED:
        dispatch(queue, execution.launch_id)
    return execution


def requested_id(user_id: str, agent_id: str, key: str) -> str:
    """The id of the run that is asked for under the key."""
    return derived_id("x", user_id, agent_id, "executions", key)


def dispatch(queue: Queue, launch_id: str, again: str = "") -> None:
    """Have the launch started; `again` names a later attempt."""
    queue.enqueue(Task("launch", launch_id + again, {"launchId": launch_id}))


def retry(
    store: Store,
    queue: Queue,
    models: ModelTable,
    user: User,
    execution_id: str,
    *,
    now: datetime,
    key: str | None = None,
) -> Execution:
    """A new, linked run of the agent as it is now, with the same input; raises Conflict while the old one goes on."""
    old = find(store, user, execution_id)
    if not old.ended:
        raise Conflict("The run has not ended yet.", korean="아직 끝나지 않은 실행입니다.")
    if old.talk_id is not None:
        raise Conflict(
            "This run answered in a chat; ask there again.", korean="대화에서 한 실행입니다. 대화에서 다시 말해 주세요."
        )
    if old.rehearsal:
        raise Conflict(
            "A trial run is started again from its conversation.",
            korean="시험 실행은 대화에서 다시 시작해 주세요.",
        )
    # not validated again: a webhook's input may be longer than what a person may send
    wanted = ExecutionRequest.model_construct(input=input_of(store, old))
    return request(
        store, queue, models, user, old.agent_id, wanted, now=now, trigger=Trigger.RETRY, key=key, retry_of=old.id
    )


def input_of(documents: records.Readable, execution: Execution) -> str | None:
    """The data given to the run."""
    return records.inputs.get(documents, execution.id).text if execution.has_input else None
