"""What the program needs from outside, on one page.  Adapters do not inherit; they keep these promises."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from ohmyagent.domain.accounts import Identity

T = TypeVar("T")

Document = dict[str, Any]
"""Field names match `[A-Za-z_][A-Za-z0-9_]*`; values are strings, booleans, int64, finite floats, `datetime` (UTC,
milliseconds), lists (not directly within lists) and such maps, or None.  Absent is not None."""

Operator = Literal["==", "<", "<=", ">", ">=", "in", "array_contains"]


@dataclass(frozen=True)
class Where:
    """One condition.  `field` may be dotted (`lease.expiresAt`).  A document without the field never matches."""

    field: str
    op: Operator
    value: Any


@dataclass(frozen=True)
class Query:
    """Documents of one collection.  Order ends with the id, so it is total; lacking an order field leaves out.

    Firestore's rule holds on every target: a field with an inequality is the first one in `order`.
    `after` is a `Page.cursor` of the same query; anything else raises Invalid for the field `cursor`.
    """

    collection: str
    where: tuple[Where, ...] = ()
    order: tuple[tuple[str, Literal["asc", "desc"]], ...] = ()
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True)
class Page:
    """`cursor` is None when nothing is left."""

    items: list[Document]
    cursor: str | None


class Transaction(Protocol):
    """What one `transact` reads and writes.  Reads come before writes; reads see the state before the transaction."""

    def get(self, path: str) -> Document:
        """The document; raises NotFound."""

    def find(self, path: str) -> Document | None:
        """The document, or None.  That it is missing is checked at commit just like a version."""

    def glance(self, path: str) -> Document | None:
        """The document as it is now, or None, not checked at commit: on Firestore a check is billed as a write.

        Only for what may have changed a moment ago without harm; what was only glanced at must not be written.
        """

    def create(self, path: str, data: Document) -> None:
        """Raises AlreadyExists, at the latest at commit."""

    def put(self, path: str, data: Document) -> None:
        """Write the whole document, whether or not there is one."""

    def update(self, path: str, fields: Document) -> None:
        """Replace top-level fields; raises NotFound, at the latest at commit."""

    def delete(self, path: str) -> None: ...


class ChangeKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True)
class Change:
    """Something happened to a document.  Delivered at least once: perhaps twice, out of order or a day late.

    So it names the document only; whoever handles it reads the document again.  `id` is the same in repetitions.
    """

    id: str
    path: str
    kind: ChangeKind
    time: datetime


class Store(Protocol):
    """Documents, as Firestore knows them: small (≤ 1 MiB), keyed by path, queried by indexed fields.

    A path is `collection/id` or `collection/id/collection/id`; ids are 1 to 128 URL-safe characters, not `__x__`.
    Every method raises Unavailable when the store cannot be reached.  Safe to use from many threads.
    """

    def get(self, path: str) -> Document:
        """The document; raises NotFound."""

    def find(self, path: str) -> Document | None: ...

    def create(self, path: str, data: Document) -> None:
        """Raises AlreadyExists."""

    def put(self, path: str, data: Document) -> None: ...

    def update(self, path: str, fields: Document) -> None:
        """Replace top-level fields; raises NotFound."""

    def delete(self, path: str) -> None:
        """It is no error if there is none."""

    def query(self, query: Query) -> Page: ...

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Commit what `work` wrote only if nothing it read has changed; else run it again, with jittered pauses.

        So `work` may run several times and must not act outside the store.  Everything read is verified
        at commit, so a decision may rest on any document that the transaction read (but for a glance); no queries
        inside.
        Raises Contention when the retries are used up; what `work` raises passes through, and nothing is written.
        """

    def watch(self, collection: str, wake: Callable[[str], None], where: Where | None = None) -> Callable[[], None]:
        """Call `wake(path)` soon after a document of the collection changed, from any thread; returns how to stop.

        A hint to read again, no delivery: it may be missed, repeated or merged.  What must not be missed is a Change.
        `where`, an equality, says whose changes are wanted, so that others need not be paid for; they may come too.
        """


@dataclass(frozen=True)
class Task:
    """Deferred work: `kind` picks the handler, `name` makes it unique for ever within the kind."""

    kind: str
    name: str
    body: dict[str, str] = field(default_factory=dict)
    due: datetime | None = None


class Later(Exception):
    """Raised by a task's handler: not now, try again after `seconds`; it does not count as an attempt.

    `whole_kind` says that the other tasks of the kind need not be tried before either.
    """

    def __init__(self, seconds: float, *, whole_kind: bool = False) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds
        self.whole_kind = whole_kind


class Queue(Protocol):
    """Deferred work, kept until it is done.  Delivered at least once, not before it is due, in no order.

    A handler that raises is called again with backoff; after the last one it is a dead letter, kept and listed.
    """

    def enqueue(self, task: Task) -> bool:
        """Keep the task; False if one of that name was there before.

        It spares work and guarantees nothing: a name may be forgotten an hour after its task was done."""


@dataclass(frozen=True)
class Beat:
    """How the tick is set off: whether it is, when it last was and will be next, and whether that failed."""

    runs: bool
    last: datetime | None
    coming: datetime | None
    failing: bool


class Metronome(Protocol):
    """What sets off the tick from outside, where no process of ours does."""

    def beat(self) -> Beat:
        """Raises NotFound when nothing sets it off."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Callers(Protocol):
    """Who calls the routes that only the platform itself may call."""

    def check(self, token: str, audience: str | None) -> None:
        """Raises Unauthenticated unless the token is sound, is of the account that may call, and is for `audience`.

        None: whatever it is for.
        """


class Liveness(StrEnum):
    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


class Jobs(Protocol):
    """Runners.  Starting is not idempotent and may time out after it worked: the claim decides, not the call."""

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        """Start one runner for each index 0 ≤ i < tasks; returns the handle for `probe`.

        Raises NoRoom when there is no room for them now (nothing was started), Unavailable when nobody knows.
        """

    def probe(self, handle: str, index: int) -> Liveness: ...

    def stop(self, handle: str, index: int) -> None:
        """Make an end of that runner and its sandbox; no error if it is gone."""


class Files(Protocol):
    """Bodies of files by key (`workspaces/…`, `artifacts/…`, `uploads/…`); a key's content never changes."""

    def write(self, key: str, body: bytes) -> None: ...

    def read(self, key: str) -> bytes:
        """Raises NotFound."""

    def open(self, key: str) -> AbstractContextManager[Iterator[bytes]]:
        """The body in chunks; raises NotFound on entering."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None: ...

    def listed(self, prefix: str) -> Iterator[str]:
        """The keys that begin with the prefix, which ends with `/`, in no order; some may be gone by then."""

    def upload_url(self, key: str, length: int, expires: datetime) -> str:
        """Where a runner may PUT exactly this body until then; on one machine a path below its own address."""

    def download_url(self, key: str, expires: datetime) -> str: ...


class Reader(Protocol):
    """Documents that people bring, of which a first look is wanted; they may be made to harm whoever reads them."""

    def excerpt(self, body: bytes, media_type: str, length: int) -> str | None:
        """The beginning of a PDF or an xlsx as text, at most `length` characters; None if it cannot be read in time."""


class Undelivered(Exception):
    """No answer came; `reason` is a slug such as `timeout`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Identities(Protocol):
    """Who somebody is by Google's word."""

    def of(self, credential: str) -> Identity:
        """What an ID token for this platform says, its signature, issuer, audience and time checked.

        Raises Unauthenticated for any other text, Unavailable when no certificate could be had to check it with,
        Conflict where the operator has not set it up.
        """


class Courier(Protocol):
    """Requests to addresses that people give, which may be anywhere: https and the public internet only."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer, a redirect's too, for none is followed; raises Undelivered.

        It ends within a time limit whatever the other side does.
        """


class Vault(Protocol):
    """Encryption of small secrets at rest; `context` (such as user and agent) must be the same on both ways."""

    def seal(self, secret: str, context: str) -> str: ...

    def unseal(self, sealed: str, context: str) -> str:
        """Raises Forbidden when the context differs or the text was tampered with."""


@dataclass(frozen=True)
class Letter:
    """A mail ready to go.  `message_id` is the same in every attempt; `text` and `html` say the same.

    `unsubscribe` is the address that stops such mails when it is posted to.
    """

    to: str
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    date: datetime
    unsubscribe: str | None = None


class Posted(StrEnum):
    """What became of an attempt.  `unknown` is neither success nor failure: sending again could be a second mail."""

    ACCEPTED = "accepted"
    KEPT = "kept"
    BOUNCED = "bounced"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


class Mail(Protocol):
    """One attempt to hand a letter to a mail server."""

    @property
    def domain(self) -> str:
        """Of the sender, for message ids."""

    def send(self, letter: Letter) -> tuple[Posted, str | None]:
        """What became of it, and why; ends within a time limit and raises nothing for what a server does or says.

        accepted: the server has taken it over.  kept: there is no server, it stays in the outbox.  refused: for good,
        the same letter would be refused again.  bounced: so would every letter to that address.
        later: it was certainly not taken, another attempt may work.
        unknown: the letter was handed over and no answer came.
        """

    def close(self) -> None:
        """Let go of connections that were kept."""
