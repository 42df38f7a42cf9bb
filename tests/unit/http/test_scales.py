"""Large bodies are in memory only so many at a time."""

import threading
import time
from collections.abc import Callable

import pytest

from ohmyagent.domain.errors import Unavailable
from ohmyagent.http.scales import Scales


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_fits_together_is_held_together_and_what_does_not_is_refused_or_waits() -> None:
    scales = Scales(100, waiting=0)
    with scales.holding(60), scales.holding(40), scales.holding(0), pytest.raises(Unavailable), scales.holding(1):
        pytest.fail("there was no room")
    with scales.holding(500), pytest.raises(Unavailable), scales.holding(1):
        pytest.fail("one alone always fits, but then nothing else does")
    with pytest.raises(KeyError), scales.holding(100):
        raise KeyError
    with scales.holding(100):
        pass


def test_who_waits_comes_in_when_there_is_room_and_one_too_many_does_not_wait() -> None:
    scales, entered = Scales(100, waiting=1, seconds=60), threading.Event()

    def late() -> None:
        with scales.holding(50):
            entered.set()

    thread = threading.Thread(target=late)
    with scales.holding(100):
        thread.start()
        until(lambda: scales._places == 0)
        with pytest.raises(Unavailable), scales.holding(50):
            pytest.fail("another waits already")
        assert not entered.is_set()
    assert entered.wait(30)
    thread.join(30)


def test_nobody_waits_for_ever() -> None:
    scales = Scales(100, waiting=1, seconds=0.01)
    with scales.holding(100), pytest.raises(Unavailable), scales.holding(1):
        pytest.fail("there was no room")
