"""How far a turn has come, read off what was kept of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.domain.conversations import ChatBatch


@dataclass(frozen=True)
class Progress:
    """`part` is the next part to write.  `void`: what may have been shown of a step that was not finished."""

    part: int = 0
    void: tuple[int, ...] = ()
    last_seq: int = 0


def progress(batches: Iterable[ChatBatch], turn_id: str) -> Progress:
    """The turn as its next owner finds it.

    The part under way may have been shown and was kept nowhere; finished parts after the last saved step are kept, but
    the step will be done again, and so will they.
    """
    done, seen, last_seq = 0, 0, 0
    for batch in batches:
        last_seq = batch.last_seq
        if batch.turn != turn_id:
            continue
        for line in batch.lines:
            event = json.loads(line)
            if event["type"] == "text":
                seen = event["part"] + 1
            elif event["type"] == "part_reset":
                seen = min(seen, event["part"])
        if batch.messages is not None:
            done = seen
    return Progress(part=done, void=tuple(range(done, seen + 1)), last_seq=last_seq)
