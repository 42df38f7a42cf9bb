"""How many agents a user has and how they are named: no transaction can ask that, so it is asked before, and a shelf
that everybody writes who adds or names one shows whether the answers still hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.errors import AlreadyExists, Contention, PlanLimit
from ohmyagent.domain.plans import Shelf
from ohmyagent.ports import Store, Transaction, Where

T = TypeVar("T")
ATTEMPTS = 20


@dataclass(frozen=True)
class Named:
    """Whether an agent of the user's has that slug; a deleted one does not count."""

    slug: str

    def asked(self, store: Store, user_id: str) -> bool:
        mine = (Where("userId", "==", user_id), Where("slug", "==", self.slug), Where("deletedAt", "==", None))
        return bool(records.agents.page(store, *mine, limit=1)[0])


@dataclass(frozen=True)
class Full:
    """Whether the user has that many agents already."""

    most: int

    def asked(self, store: Store, user_id: str) -> bool:
        return counted(store, user_id, self.most) >= self.most


Question = Named | Full


class Hold:
    """One transaction's hold on a user's shelf.  All but `add` and `write` only read, and come before any write."""

    def __init__(self, tx: Transaction, user_id: str, most: int | None, answers: "_Answers") -> None:
        self._tx = tx
        self._user_id = user_id
        self._most = most
        self._answers = answers
        self._given: set[str] = set()
        self._changes: int | None = None
        self._written = False

    def free(self, slug: str) -> None:
        """Raises AlreadyExists for a slug in use."""
        if self._taken(slug):
            raise AlreadyExists(
                f"You have an agent named {slug} already.", korean=f"{slug} 이름의 에이전트가 이미 있습니다."
            )

    def named(self, agent: Agent) -> Agent:
        """The agent under its own slug or, if that is in use, under another; what it got is in use from then on."""
        slug = next(slug for slug in _names(agent) if not self._taken(slug))
        self._given.add(slug)
        return agent.replace(slug=slug)

    def add(self) -> None:
        """One more agent; raises PlanLimit when no more fits."""
        if self._most is not None and self._knows(Full(self._most)):
            raise PlanLimit(
                f"Your plan allows {self._most} agents. Delete one that you no longer need.",
                korean=f"지금 요금제에서는 에이전트를 {self._most}개까지 만들 수 있습니다. 쓰지 않는 것을 지워 주세요.",
            )
        self.write()

    def write(self) -> None:
        """Whoever asked before this has to ask again."""
        if self._written:
            return
        self._written = True
        shelf = Shelf(id=self._user_id, user_id=self._user_id, changes=self._look() + 1)
        records.shelves.put(self._tx, shelf.id, shelf)

    def _taken(self, slug: str) -> bool:
        return slug in self._given or self._knows(Named(slug))

    def _knows(self, question: Question) -> bool:
        if question not in self._answers.known:
            raise _Unasked(question)
        self._look()
        return self._answers.known[question]

    def _look(self) -> int:
        if self._changes is None:
            changes = _changes(records.shelves.find(self._tx, self._user_id))
            if changes != self._answers.changes:
                raise _Moved
            self._changes = changes
        return self._changes


def transact(
    store: Store,
    user_id: str,
    work: Callable[[Transaction, Hold], T],
    *questions: Question,
    most: int | None = None,
) -> T:
    """Run `work` in a transaction with a hold on the user's shelf; `most` is how many agents the user may have.

    What `work` wants to know is asked when it turns out; `questions` that are sure to come save a second beginning.
    """
    wanted = [*questions] if most is None else [*questions, Full(most)]
    moves = 0
    while moves < ATTEMPTS:
        answers = _ask(store, user_id, wanted)
        try:
            return store.transact(lambda tx: work(tx, Hold(tx, user_id, most, answers)))  # noqa: B023
        except _Unasked as missing:
            wanted.append(missing.question)
        except _Moved:
            moves += 1
    raise Contention()


def counted(store: Store, user_id: str, most: int) -> int:
    """How many agents the user has, counted no further than `most`."""
    where = (Where("userId", "==", user_id), Where("deletedAt", "==", None))
    number, cursor = 0, None
    while True:
        found, cursor = records.agents.page(store, *where, newest="createdAt", limit=min(100, most or 1), after=cursor)
        number += len(found)
        if cursor is None or number >= most:
            return min(number, most)


@dataclass(frozen=True)
class _Answers:
    """What was found, and how often the shelf had changed before that was asked; None: not looked at."""

    changes: int | None
    known: dict[Question, bool]


class _Moved(Exception):
    """Somebody else added or named an agent since it was asked."""


class _Unasked(Exception):
    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


def _ask(store: Store, user_id: str, wanted: list[Question]) -> _Answers:
    """The shelf first: what changes after it was read is noticed.  Most changes of an agent ask for nothing."""
    changes = _changes(records.shelves.find(store, user_id)) if wanted else None
    return _Answers(changes, {question: question.asked(store, user_id) for question in wanted})


def _changes(shelf: Shelf | None) -> int:
    return shelf.changes if shelf else 0


def _names(agent: Agent) -> Iterator[str]:
    own = agent.id.replace("_", "-").lower()
    yield from (agent.slug, own)
    yield from (f"{own}-{number}" for number in count(2))
