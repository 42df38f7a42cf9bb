"""What functions/main.py says of its events, over Firestore: read by a real functions-framework in test_triggers."""

import os
from datetime import UTC, datetime
from functools import cache

import functions_framework
from cloudevents.http import CloudEvent

from ohmyagent.adapters.gcp.changes import change_of
from ohmyagent.use_cases.reacting import react


class Parts:
    """As a wiring for Google Cloud would put them together; only the queue is the local one."""

    def __init__(self) -> None:
        from ohmyagent.adapters.gcp.store import FirestoreStore
        from ohmyagent.adapters.local.queue import SqliteQueue
        from ohmyagent.use_cases.vouching import Office

        self.store = FirestoreStore(os.environ["PROJECT"])
        self.queue = SqliteQueue(os.environ["QUEUE"])
        self.office = Office("https://agents.example.com", ("boss@example.com",), b"k" * 32)

    def now(self) -> datetime:
        return datetime.now(UTC)


parts = cache(Parts)


@functions_framework.cloud_event
def written(event: CloudEvent) -> None:
    react(change_of(event), parts())
