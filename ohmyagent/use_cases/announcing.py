"""What is owed to an agent's webhook when one of its runs ends, written together with the end."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.deliveries import Delivery
from ohmyagent.domain.executions import Execution
from ohmyagent.ports import Transaction


def announce(tx: Transaction, agent: Agent | None, ended: Execution, now: datetime) -> None:
    """Leave a delivery for the end, if the agent has a webhook and is not deleted, and nobody was there.  Writes only.

    For every end but those that the owner made by pausing the agent, changing its schedule or deleting it.
    """
    if agent is None or agent.deleted_at is not None or agent.notify.webhook_url is None or ended.attended:
        return
    delivery = Delivery.owed(ended, agent.notify.webhook_url, now)
    records.deliveries.put(tx, delivery.id, delivery)
