"""The dead man's switch: a silence of the tick is told once when it is seen, and once when it is over."""

import pytest

from ohmyagent.domain.mail import ADMINS
from ohmyagent.ports import Posted
from ohmyagent.use_cases import mailing, watching
from ohmyagent.use_cases.vouching import Office
from tests.unit.use_cases.test_notices import Postman

OFFICE = Office("https://agents.example.com", ("ops@example.com", "second@example.com"), b"k" * 32)


@pytest.fixture
def admins(world):
    return world.user().replace(id=ADMINS)


def written(world, admins):
    found = mailing.page(world.store, admins, limit=100, cursor=None)[0]
    return sorted((mail.kind.value, mail.to) for mail in found)


def both(kind):
    return [(kind, address) for address in OFFICE.admin_emails]


def test_while_the_tick_comes_through_nobody_is_told(world, admins):
    for _ in range(10):
        watching.came_through(world.store, OFFICE, world.now)
        world.later(seconds=60)
        assert watching.look(world.store, OFFICE, world.now) is False
    assert written(world, admins) == []


def test_a_platform_that_never_ticked_is_only_starting(world, admins):
    assert watching.look(world.store, OFFICE, world.now) is False
    assert written(world, admins) == []


def test_a_silence_is_told_once_by_a_watcher_without_a_tick_and_so_is_its_end(world, admins):
    watching.came_through(world.store, OFFICE, world.now)
    world.later(minutes=3)
    assert [watching.look(world.store, OFFICE, world.now) for _ in range(3)] == [True] * 3
    assert written(world, admins) == both("tick_silent")
    for _ in range(3):
        watching.came_through(world.store, OFFICE, world.now)
    assert written(world, admins) == both("tick_back") + both("tick_silent")
    assert watching.look(world.store, OFFICE, world.now) is False
    world.later(minutes=3)
    watching.look(world.store, OFFICE, world.now)
    assert written(world, admins) == sorted(both("tick_back") + both("tick_silent") * 2)


def test_a_silence_that_nobody_saw_is_told_when_it_is_over(world, admins):
    watching.came_through(world.store, OFFICE, world.now)
    world.later(hours=9)
    watching.came_through(world.store, OFFICE, world.now)
    assert written(world, admins) == both("tick_back")
    [mail, _] = mailing.page(world.store, admins, limit=100, cursor=None)[0]
    postman = Postman((Posted.ACCEPTED, None))
    mailing.deliver(world.store, postman, mail.id, OFFICE, lambda: world.now)
    [letter] = postman.letters
    assert "noon" in letter.text
    assert "9:00 PM" in letter.text
    assert "다시 움직입니다" in letter.text
    assert letter.unsubscribe is None


def test_without_administrators_there_is_no_mail(world, admins):
    nobody = Office("https://agents.example.com", (), b"k" * 32)
    watching.came_through(world.store, nobody, world.now)
    world.later(hours=1)
    assert watching.look(world.store, nobody, world.now) is True
    assert written(world, admins) == []
