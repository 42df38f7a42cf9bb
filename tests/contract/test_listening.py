"""What listening to Firestore costs, and that it goes on: on the emulator, and on a stand-in that knows read times."""

import threading
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from ohmyagent.adapters.gcp.listening import MOST_WATCHES
from ohmyagent.adapters.gcp.store import FirestoreStore
from ohmyagent.ports import Where
from tests.contract.emulator import Emulator
from tests.googleapi.counting import Counting
from tests.googleapi.listening import ListenStandIn


class Heard:
    """What a watcher was told, to be waited for."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, path: str) -> None:
        with self._changed:
            self.paths.append(path)
            self._changed.notify_all()

    def wait_for(self, path: str) -> None:
        assert self.within(path, 30), f"{path} not in {self.paths}"

    def within(self, path: str, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: path in self.paths, seconds)


@pytest.fixture
def listening() -> Iterator[ListenStandIn]:
    made = ListenStandIn()
    yield made
    made.stop()


@pytest.fixture
def store(listening: ListenStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreStore]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", listening.address)
    made = FirestoreStore("oma-listening")
    yield made
    made.close()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_watch_is_sent_nothing_of_what_was_there_before(store: FirestoreStore, listening: ListenStandIn) -> None:
    for number in range(50):
        listening.put(f"things/old{number}")
    heard = Heard()
    stop = store.watch("things", heard)
    until(lambda: listening.asked)
    listening.put("things/new")
    heard.wait_for("things/new")
    assert (listening.sent, heard.paths) == (1, ["things/new"])
    stop()
    until(lambda: not listening.streams)


def test_a_stream_that_breaks_is_resumed_where_it_was(store: FirestoreStore, listening: ListenStandIn) -> None:
    heard = Heard()
    store.watch("things", heard)
    until(lambda: listening.asked)
    listening.put("things/before")
    heard.wait_for("things/before")
    listening.hang_up()
    listening.put("things/meanwhile")
    heard.wait_for("things/meanwhile")
    assert heard.paths.count("things/before") == 1


def test_a_target_that_firestore_gives_up_is_begun_anew(store: FirestoreStore, listening: ListenStandIn) -> None:
    heard = Heard()
    store.watch("things", heard)
    until(lambda: listening.asked)
    listening.put("things/before")
    listening.give_up(listening.asked[0].target_id)
    until(lambda: len(listening.asked) == 2)
    listening.put("things/after")
    heard.wait_for("things/after")


def test_many_watches_share_few_streams(store: FirestoreStore, listening: ListenStandIn) -> None:
    heard = Heard()
    stops = [store.watch(f"rooms/r{number}/lines", heard) for number in range(MOST_WATCHES + 10)]
    until(lambda: len(listening.asked) == len(stops))
    assert len(listening.streams) == 2
    listening.put("rooms/r7/lines/l1")
    heard.wait_for("rooms/r7/lines/l1")
    assert listening.sent == 1
    for stop in stops:
        stop()
    until(lambda: not listening.streams)
    store.watch("things", heard)
    until(lambda: listening.streams)
    listening.put("things/t1")
    heard.wait_for("things/t1")


@pytest.mark.emulator
def test_a_watch_over_somebodys_documents_pays_for_theirs_only(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator does not know read times and sends what matches at every change."""
    counter = Counting(emulator.address)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", counter.address)
    store = FirestoreStore(f"oma-{uuid4().hex[:16]}")
    try:
        for number in range(10):
            store.put(f"things/t{number}", {"userId": f"u{number}"})
        heard = Heard()
        store.watch("things", heard, Where("userId", "==", "u3"))
        before = counter.billed["reads"]
        store.update("things/t4", {"a": 1})
        changes = 0

        def heard_of_a_change() -> bool:
            """The emulator does not tell of each change when the machine is slow."""
            nonlocal changes
            changes += 1
            store.update("things/t3", {"a": changes})
            return heard.within("things/t3", 2)

        until(heard_of_a_change)
        store.delete("things/t3")
        until(lambda: heard.paths.count("things/t3") >= 2)
        assert set(heard.paths) == {"things/t3"}
    finally:
        store.close()
        counter.stop()
    # their document at the beginning, after its change and after its end, and one read that the emulator may repeat
    assert counter.billed["reads"] - before <= 3 + changes
