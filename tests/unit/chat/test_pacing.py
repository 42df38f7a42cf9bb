"""Buckets and windows."""

import pytest

from ohmyagent.chat.pacing import Bucket, Window


def test_a_bucket_lets_so_many_pass_at_once_and_so_many_a_second():
    now = [0.0]
    bucket = Bucket(2, 3, lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.4
    assert not bucket.take()
    now[0] = 0.5
    assert [bucket.take(), bucket.take()] == [True, False]
    now[0] = 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_process_that_runs_late_shows_more_together_and_never_waits_longer_than_a_tenth():
    window = Window()
    for _ in range(20):
        window.adjust(1.0, 0.0)
    assert window.seconds == Window.MOST == 0.1
    for _ in range(20):
        window.adjust(0.0, 0.0)
    assert window.seconds == pytest.approx(Window.LEAST)


@pytest.mark.parametrize(("busy", "seconds"), [(0.0, 0.03), (0.3, 0.03), (0.5, 0.05), (0.7, 0.07), (1.0, 0.07)])
def test_a_busy_process_shows_more_together_before_it_runs_late(busy: float, seconds: float):
    window = Window()
    window.adjust(0.0, busy)
    assert window.seconds == pytest.approx(seconds)
