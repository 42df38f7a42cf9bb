"""Tasks that start runs."""

from collections.abc import Sequence
from datetime import datetime

from ohmyagent.domain.text import derived_id
from ohmyagent.domain.waves import PREFIX
from ohmyagent.ports import Queue, Task


def together(queue: Queue, launch_ids: Sequence[str], due: datetime | None) -> None:
    """Have launches of one instant started, by one call; the same launches are the same task."""
    if len(launch_ids) == 1:
        queue.enqueue(Task("launch", launch_ids[0], {"launchId": launch_ids[0]}, due))
    elif launch_ids:
        name = derived_id(PREFIX, *launch_ids)
        queue.enqueue(Task("launch", name, {"launchIds": " ".join(launch_ids)}, due))
