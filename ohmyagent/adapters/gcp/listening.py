"""Listening to Firestore: one stream for many watches, each of which hears only of what changes after it began."""

import itertools
import threading
from collections.abc import Callable, Iterable
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from google.cloud.firestore import Client

log = structlog.get_logger()

MOST_WATCHES = 90
"""On one stream.  Google advises fewer than a hundred listeners on a connection."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0


class _Watch:
    """One target of a stream: everything up to `since` was told."""

    def __init__(self, query: Any, since: Any, wake: Callable[[str], None]) -> None:
        self.query = query
        self.since = since
        self._wake = wake
        self._known: dict[str, Any] | None = None
        self._sent: dict[str, Any] | None = None

    def reset(self) -> None:
        """All that there is comes now, to be compared with what was: rare with Firestore, usual with its emulator."""
        self._sent = {}

    def complete(self) -> None:
        if self._sent is None:
            return
        for name in (self._known or {}).keys() - self._sent.keys():
            self._tell(name)
        self._known, self._sent = self._sent, None

    def changed(self, name: str, time: Any) -> None:
        if self._sent is not None:
            self._sent[name] = time
            fresh = time > self.since if self._known is None else self._known.get(name) != time
            if not fresh:
                return
        elif self._known is not None:
            self._known[name] = time
        self._tell(name)

    def gone(self, name: str) -> None:
        if self._known is not None:
            self._known.pop(name, None)
        self._tell(name)

    def _tell(self, name: str) -> None:
        self._wake(name.partition("/documents/")[2])


class Listener:
    """A thread reads the stream; it lives only while somebody watches."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._guard = threading.Lock()
        self._watches: dict[int, _Watch] = {}
        self._numbers = itertools.count(1)
        self._running = False
        self._requests: SimpleQueue[Any] | None = None
        self._stream: Any = None

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, query: Any, since: Any, wake: Callable[[str], None]) -> Callable[[], None]:
        """Tell of what of the query's documents changes after `since`, a time of Firestore's; returns how to stop."""
        watch = _Watch(query, since, wake)
        with self._guard:
            number = next(self._numbers)
            self._watches[number] = watch
            if self._requests is not None:
                self._requests.put(self._wanting(number, watch))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="listen", daemon=True).start()
        return partial(self._remove, number)

    def close(self) -> None:
        with self._guard:
            self._watches.clear()
            self._hang_up()

    def _remove(self, number: int) -> None:
        from google.cloud.firestore_v1.types import ListenRequest

        with self._guard:
            if self._watches.pop(number, None) is None:
                return
            if self._requests is not None:
                self._requests.put(ListenRequest(database=self._client._database_string, remove_target=number))
            if not self._watches:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._requests is not None:
            self._requests.put(None)
            self._requests = None
        if self._stream is not None:
            self._stream.cancel()

    def _run(self) -> None:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        pause = FIRST_PAUSE
        while (requests := self._dialled()) is not None:
            try:
                self._listen(requests)
                pause = FIRST_PAUSE
            except (GoogleAPIError, GoogleAuthError) as error:
                if not self._watches:
                    continue
                log.info("listening again", error=type(error).__name__)
                threading.Event().wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            finally:
                requests.put(None)

    def _dialled(self) -> "SimpleQueue[Any] | None":
        """What is asked of a new stream: each watch from where it was; None when there is none left."""
        with self._guard:
            self._stream = self._requests = None
            if not self._watches:
                self._running = False
                return None
            self._requests = SimpleQueue()
            for number, watch in self._watches.items():
                self._requests.put(self._wanting(number, watch))
            return self._requests

    def _listen(self, requests: "SimpleQueue[Any]") -> None:
        asked: Iterable[Any] = iter(requests.get, None)
        stream: Any = self._client._firestore_api.listen(asked, metadata=self._client._rpc_metadata)
        with self._guard:
            if self._requests is not requests:
                stream.cancel()
                return
            self._stream = stream
        for answer in stream:
            self._heard(answer)

    def _wanting(self, number: int, watch: _Watch) -> Any:
        from google.cloud.firestore_v1.types import ListenRequest, Target

        target = Target(query=watch.query, target_id=number, read_time=watch.since)
        return ListenRequest(database=self._client._database_string, add_target=target)

    def _of(self, numbers: Iterable[int]) -> list[_Watch]:
        with self._guard:
            return [self._watches[number] for number in numbers if number in self._watches]

    def _heard(self, answer: Any) -> None:
        if "target_change" in answer:
            self._settled(answer.target_change)
        elif "document_change" in answer:
            change = answer.document_change
            for watch in self._of(change.target_ids):
                watch.changed(change.document.name, change.document.update_time)
            for watch in self._of(change.removed_target_ids):
                watch.gone(change.document.name)
        elif "document_delete" in answer or "document_remove" in answer:
            gone = answer.document_delete if "document_delete" in answer else answer.document_remove
            for watch in self._of(gone.removed_target_ids):
                watch.gone(gone.document)

    def _settled(self, change: Any) -> None:
        """Of all targets where none is named.  One that Firestore gave up begins anew, from now."""
        from google.api_core.exceptions import Aborted

        kinds = type(change).TargetChangeType
        kind = change.target_change_type
        for watch in self._of(change.target_ids or tuple(self._watches)):
            if kind == kinds.RESET:
                watch.reset()
            elif kind == kinds.CURRENT:
                watch.complete()
            elif kind == kinds.REMOVE and change.cause.code:
                watch.since = server_time(self._client)
                raise Aborted("a target was given up")  # type: ignore[no-untyped-call]
            elif kind == kinds.NO_CHANGE and change.read_time and not change.target_ids:
                watch.since = change.read_time


def server_time(client: "Client") -> Any:
    """The time by Firestore's own clock; one read."""
    return client.document("health/check").get(timeout=10.0).read_time
