"""Store on Firestore."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ohmyagent.adapters.gcp.commits import precondition, verification, write_of
from ohmyagent.adapters.gcp.listening import MOST_WATCHES, Listener, server_time
from ohmyagent.adapters.queries import Plan, cursor, plan
from ohmyagent.adapters.retrying import Outrun, retrying
from ohmyagent.adapters.values import check_collection, check_document, check_update, key_of, milliseconds
from ohmyagent.adapters.writes import Collected, Write, refused
from ohmyagent.domain.errors import Invalid, NotFound, Unavailable
from ohmyagent.ports import Document, Page, Query, Transaction, Where

if TYPE_CHECKING:
    from google.cloud.firestore import Client

T = TypeVar("T")
FIRST_PAUSE = 0.03
SECONDS = 10.0
READ_SECONDS = 5.0


class FirestoreStore:
    """Commits with preconditions rather than in Firestore's own transactions, which lock what they read.

    A document that a transaction only reads is verified by a write that changes nothing; it is billed as a write.
    A commit is never repeated by itself: if its answer is lost, Unavailable leaves it open whether it happened.
    """

    def __init__(self, project: str, database: str = "(default)", client: "Client | None" = None) -> None:
        self._project = project
        self._database = database
        self._guard = threading.Lock()
        self._client: Any = client
        self._listeners: list[Listener] = []
        self._pid = os.getpid()

    @property
    def client(self) -> "Client":
        """Made at the first use in each process: a channel does not survive a fork, and the library is slow to load."""
        with self._guard:
            if self._client is None or self._pid != os.getpid():
                from google.cloud.firestore import Client

                self._client = Client(project=self._project, database=self._database)
                self._listeners = []
                self._pid = os.getpid()
            client: Client = self._client
            return client

    def get(self, path: str) -> Document:
        found = self.find(path)
        if found is None:
            raise NotFound(f"There is no {path}.")
        return found

    def find(self, path: str) -> Document | None:
        return self._load(path)[0]

    def create(self, path: str, data: Document) -> None:
        self._commit_one(path, Write("create", data))

    def put(self, path: str, data: Document) -> None:
        self._commit_one(path, Write("put", data))

    def update(self, path: str, fields: Document) -> None:
        check_update(fields)
        self._commit_one(path, Write("update", fields))

    def delete(self, path: str) -> None:
        self._commit_one(path, Write("delete", {}))

    def query(self, query: Query) -> Page:
        planned = plan(query)
        with refusing("where"):
            found = _built(self.client, planned).get(timeout=SECONDS, retry=_reading())
        items = [_plain(snapshot.to_dict()) for snapshot in found[: query.limit]]
        more = len(found) > query.limit
        return Page(items, cursor(planned, items[-1], found[query.limit - 1].id) if more else None)

    def transact(self, work: Callable[[Transaction], T]) -> T:
        def attempt() -> T:
            collected = Collected(self._load)
            result = work(collected)
            if collected.writes:
                self._commit(collected.read, collected.writes)
            return result

        return retrying(attempt, FIRST_PAUSE)

    def watch(self, collection: str, wake: Callable[[str], None], where: Where | None = None) -> Callable[[], None]:
        """One read for its beginning and one for each change of what it listens to, not for what was there before."""
        from google.cloud.firestore_v1.types import Target

        check_collection(collection)
        client = self.client
        watched = client.collection(collection)
        with refusing("where"):
            query: Any = watched._query() if where is None else watched.where(filter=_filter(where))
            wanted = Target.QueryTarget(parent=watched._parent_info()[0], structured_query=query._to_protobuf())
            since = server_time(client)
            return self._listener().add(wanted, since, wake)

    def _listener(self) -> Listener:
        with self._guard:
            if self._client is None:
                raise Unavailable
            for listener in self._listeners:
                if len(listener) < MOST_WATCHES:
                    return listener
            self._listeners.append(Listener(self._client))
            return self._listeners[-1]

    def close(self) -> None:
        with self._guard:
            for listener in self._listeners:
                listener.close()
            self._listeners = []
            if self._client is not None:
                self._client.close()
            self._client = None

    def _load(self, path: str) -> tuple[Document | None, Any]:
        key_of(path)
        with refusing():
            snapshot = self.client.document(path).get(timeout=SECONDS, retry=_reading())
        return (_plain(snapshot.to_dict()), snapshot.update_time) if snapshot.exists else (None, None)

    def _commit_one(self, path: str, write: Write) -> None:
        key_of(path)
        check_document(path, write.data)
        retrying(lambda: self._commit({}, {path: write}), FIRST_PAUSE)

    def _commit(self, read: dict[str, Any], writes: dict[str, Write]) -> None:
        from google.api_core import exceptions

        client = self.client
        pbs = []
        for path, write in writes.items():
            reference = client.document(path)
            pbs.append(write_of(reference, write.kind, _stored(write.data), precondition(path, write, read)))
        for path in read.keys() - writes.keys():
            pbs.append(verification(client.document(path), read[path]))
        batch = client.batch()
        batch._add_write_pbs(pbs)
        with refusing():
            try:
                batch.commit(retry=None, timeout=SECONDS)
            except (exceptions.Conflict, exceptions.NotFound, exceptions.FailedPrecondition) as error:
                self._explain(read, writes)
                raise Outrun from error

    def _explain(self, read: dict[str, Any], writes: dict[str, Write]) -> None:
        """Raise AlreadyExists or NotFound if that is why the commit was refused, not that it was outrun."""
        if any(self._load(path)[1] != version for path, version in read.items()):
            return
        for path, write in writes.items():
            if path not in read and write.kind in ("create", "update"):
                refused(path, write, exists=self.find(path) is not None)


def _built(client: "Client", planned: Plan) -> Any:
    query = planned.query
    built: Any = client.collection(query.collection)
    for where in query.where:
        built = built.where(filter=_filter(where))
    names = {"asc": "ASCENDING", "desc": "DESCENDING"}
    for field, direction in planned.order:
        built = built.order_by(field, direction=names[direction])
    built = built.order_by("__name__", direction=names[planned.direction]).limit(query.limit + 1)
    return built if planned.start is None else built.start_after([*planned.start[0], planned.start[1]])


def _filter(where: Where) -> Any:
    from google.cloud.firestore_v1.base_query import FieldFilter

    return FieldFilter(where.field, where.op, _stored(where.value))


def _stored(value: Any) -> Any:
    """As Firestore keeps it: moments in milliseconds, plain lists and maps."""
    if isinstance(value, datetime):
        return milliseconds(value)
    if isinstance(value, Mapping):
        return {name: _stored(item) for name, item in value.items()}
    return [_stored(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    """As the program knows it: moments as plain `datetime`."""
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.timetz())
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _reading() -> Any:
    """Reads may be repeated; for five seconds, as somebody waits for the answer."""
    from google.api_core import exceptions, retry

    passing = (exceptions.ServiceUnavailable, exceptions.InternalServerError, exceptions.DeadlineExceeded)
    predicate = retry.if_exception_type(*passing)
    return retry.Retry(predicate=predicate, initial=0.1, maximum=1.0, timeout=READ_SECONDS)


@contextmanager
def refusing(field: str = "document") -> Iterator[None]:
    """Translate what the library raises; `field` is what Firestore's own checks would find fault with."""
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (exceptions.InvalidArgument, exceptions.OutOfRange) as error:
        raise Invalid.of(field, "is not what Firestore takes") from error
    except (exceptions.GoogleAPIError, GoogleAuthError) as error:
        raise Unavailable(f"Firestore cannot be used: {type(error).__name__}") from error
