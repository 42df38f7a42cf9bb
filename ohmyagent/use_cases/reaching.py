"""Which hosts a run may reach by way of the egress service."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.errors import Forbidden, NotFound
from ohmyagent.ports import Store
from ohmyagent.use_cases import metering


def allowlist(store: Store, token: str, runner_token: str, now: datetime) -> tuple[str, tuple[str, ...]]:
    """The run that holds both tokens, by its id, and the hosts of its own agent as they were when it started.

    The sandbox has the model token too; the runner's proves that a connection came by the runner, which counts.
    Raises Forbidden for a token that is dead or of another run, Gone after the run's end.
    """
    try:
        ledger = metering.live(store, token, now)
        execution = records.executions.get(store, ledger.id)
    except NotFound:
        raise Forbidden("This token is not valid.") from None
    execution.held_by(runner_token, execution.epoch)
    return execution.id, execution.agent.network.allow
