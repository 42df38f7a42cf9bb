"""Typed records over the store: the one place that knows collection names."""

from typing import Generic, Protocol, TypeVar

from ohmyagent.domain.accounts import ApiKey, GoogleIdentity, Nonce, Session, SigninCode, Ticket, User
from ohmyagent.domain.agents import Agent, AgentVersion, SlugLock
from ohmyagent.domain.audit import AuditEntry
from ohmyagent.domain.beta import BetaApplication
from ohmyagent.domain.blocks import Block, Count
from ohmyagent.domain.conversations import ChatBatch, Conversation, Turn
from ohmyagent.domain.deliveries import Delivery, WebhookSecret
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.executions import EventBatch, Execution, ExecutionInput, Launch
from ohmyagent.domain.hooks import Hook
from ohmyagent.domain.mail import OutboxMail
from ohmyagent.domain.moves import Move
from ohmyagent.domain.plans import Day, Plans, PlatformMonth, Shelf
from ohmyagent.domain.platform import Erasure, Feedback, Platform
from ohmyagent.domain.record import Record
from ohmyagent.domain.schedules import Pulse
from ohmyagent.domain.secrets import Secret
from ohmyagent.domain.suppression import Suppression
from ohmyagent.domain.talks import Talk
from ohmyagent.domain.tasks import DeadTask
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Ledger, Month
from ohmyagent.domain.waves import Wave
from ohmyagent.domain.workspaces import Workspace
from ohmyagent.ports import Document, Page, Query, Store, Transaction, Where

R = TypeVar("R", bound=Record)


class Readable(Protocol):
    """Whatever documents are read from."""

    def get(self, path: str) -> Document: ...
    def find(self, path: str) -> Document | None: ...


class Documents(Readable, Protocol):
    """What a store and a transaction have in common."""

    def create(self, path: str, data: Document) -> None: ...
    def put(self, path: str, data: Document) -> None: ...
    def delete(self, path: str) -> None: ...


class Glance:
    """A transaction for reading what may be stale by the time it commits (`Transaction.glance`)."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, path: str) -> Document:
        found = self._tx.glance(path)
        if found is None:
            raise NotFound(f"There is no {path}.")
        return found

    def find(self, path: str) -> Document | None:
        return self._tx.glance(path)


class Collection(Generic[R]):
    """Records of one type under one name.  Every method works on a store and within a transaction."""

    def __init__(self, name: str, kind: type[R]) -> None:
        self.name = name
        self.kind = kind

    def path(self, id: str) -> str:
        return f"{self.name}/{id}"

    def get(self, documents: Readable, id: str) -> R:
        """Raises NotFound."""
        return self.kind.of(documents.get(self.path(id)))

    def find(self, documents: Readable, id: str) -> R | None:
        found = documents.find(self.path(id))
        return None if found is None else self.kind.of(found)

    def create(self, documents: Documents, id: str, record: R) -> R:
        """Raises AlreadyExists."""
        documents.create(self.path(id), record.document())
        return record

    def put(self, documents: Documents, id: str, record: R) -> R:
        documents.put(self.path(id), record.document())
        return record

    def delete(self, documents: Documents, id: str) -> None:
        documents.delete(self.path(id))

    def page(
        self,
        store: Store,
        *where: Where,
        newest: str | None = None,
        oldest: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[list[R], str | None]:
        """Records and the cursor of the next page; ordered by the field `newest` (falling) or `oldest` (rising)."""
        order = ((newest, "desc"),) if newest else ((oldest, "asc"),) if oldest else ()
        page: Page = store.query(Query(self.name, where, order, limit, after))  # type: ignore[arg-type]
        return [self.kind.of(item) for item in page.items], page.cursor


users = Collection("users", User)
sessions = Collection("sessions", Session)
api_keys = Collection("apiKeys", ApiKey)
signin_codes = Collection("signinCodes", SigninCode)
tickets = Collection("tickets", Ticket)
nonces = Collection("nonces", Nonce)
google_identities = Collection("googleIdentities", GoogleIdentity)
moves = Collection("moves", Move)
blocks = Collection("blocks", Block)
counts = Collection("counts", Count)
agents = Collection("agents", Agent)
slugs = Collection("slugs", SlugLock)
agent_versions = Collection("agentVersions", AgentVersion)
executions = Collection("executions", Execution)
inputs = Collection("inputs", ExecutionInput)
launches = Collection("launches", Launch)
waves = Collection("waves", Wave)
ledgers = Collection("ledgers", Ledger)
months = Collection("months", Month)
days = Collection("days", Day)
shelves = Collection("shelves", Shelf)
plans = Collection("plans", Plans)
platform_months = Collection("platformMonths", PlatformMonth)
outbox = Collection("outbox", OutboxMail)
pulses = Collection("pulses", Pulse)
workspaces = Collection("workspaces", Workspace)
drafts = Collection("drafts", Draft)
hooks = Collection("hooks", Hook)
deliveries = Collection("deliveries", Delivery)
talks = Collection("talks", Talk)
uploads = Collection("uploads", Upload)
dead_tasks = Collection("deadTasks", DeadTask)
webhook_secrets = Collection("webhookSecrets", WebhookSecret)
conversations = Collection("conversations", Conversation)
turns = Collection("turns", Turn)
beta_applications = Collection("betaApplications", BetaApplication)
audit = Collection("audit", AuditEntry)
platform = Collection("platform", Platform)
feedback = Collection("feedback", Feedback)
erasures = Collection("erasures", Erasure)
suppressions = Collection("suppressions", Suppression)


def batches(execution_id: str) -> Collection[EventBatch]:
    """The log of one execution, a subcollection."""
    return Collection(f"executions/{execution_id}/batches", EventBatch)


def secrets(agent_id: str) -> Collection[Secret]:
    """What was entrusted to one agent, a subcollection."""
    return Collection(f"agents/{agent_id}/secrets", Secret)


def chat_batches(conversation_id: str) -> Collection[ChatBatch]:
    """The events of one conversation, a subcollection."""
    return Collection(f"conversations/{conversation_id}/chatBatches", ChatBatch)
