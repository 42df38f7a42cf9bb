"""Tickets: for one use, for a minute, and no longer than what they were asked for with."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import TICKET_LENGTH, Scope
from ohmyagent.domain.errors import Forbidden, Problem, Suspended, Unauthenticated
from ohmyagent.use_cases import signing_in, ticketing


@pytest.fixture
def guest(world):
    return signing_in.guest(world.store, "ko", world.now)


def mint(world, guest):
    return ticketing.mint(world.store, guest.user, guest.token, world.now)[0]


def test_a_ticket_lets_its_user_in_once(world, guest):
    ticket = mint(world, guest)
    assert ticketing.enter(world.store, ticket, world.now).user == guest.user
    with pytest.raises(Unauthenticated):
        ticketing.enter(world.store, ticket, world.now)


def test_of_many_at_once_one_comes_in(world, guest):
    ticket = mint(world, guest)

    def enter(_):
        try:
            return ticketing.enter(world.store, ticket, world.now)
        except Problem as refused:
            return refused

    with ThreadPoolExecutor(8) as people:
        assert sum(not isinstance(one, Problem) for one in people.map(enter, range(8))) == 1


def test_a_ticket_is_good_for_a_minute(world, guest):
    ticket = mint(world, guest)
    world.later(seconds=TICKET_LENGTH.total_seconds())
    with pytest.raises(Unauthenticated):
        ticketing.enter(world.store, ticket, world.now)


@pytest.mark.parametrize("ticket", ["omt_nothing", "omt_", "nothing", "oma_nothing"])
def test_what_is_no_ticket_lets_nobody_in(world, ticket):
    with pytest.raises(Unauthenticated):
        ticketing.enter(world.store, ticket, world.now)


def test_who_signs_out_is_out_everywhere(world, guest):
    unused, entry = mint(world, guest), ticketing.enter(world.store, mint(world, guest), world.now)
    signing_in.log_out(world.store, guest.token)
    with pytest.raises(Unauthenticated):
        ticketing.stayed(world.store, entry.user.id, entry.credential_id, world.now)
    with pytest.raises(Unauthenticated):
        ticketing.enter(world.store, unused, world.now)


def test_a_key_gets_tickets_too(world, guest):
    key, _ = signing_in.new_api_key(world.store, guest.user, "oma", world.now)
    ticket, _ = ticketing.mint(world.store, guest.user, key, world.now)
    assert ticketing.enter(world.store, ticket, world.now).user == guest.user


def test_a_ticket_can_do_no_more_than_the_key_that_asked_for_it(world, guest):
    key, _ = signing_in.new_api_key(world.store, guest.user, "reader", world.now, [Scope.READ, Scope.WRITE])
    tickets = [ticketing.mint(world.store, guest.user, key, world.now)[0] for _ in range(2)]
    assert ticketing.enter(world.store, tickets[0], world.now, Scope.READ).user == guest.user
    with pytest.raises(Forbidden):
        ticketing.enter(world.store, tickets[1], world.now, Scope.READ, Scope.RUN)


def test_tickets_that_nobody_used_are_forgotten(world, guest):
    mint(world, guest)
    assert ticketing.sweep(world.store, world.now) == 0
    world.later(seconds=61)
    assert ticketing.sweep(world.store, world.now) == 1
    assert records.tickets.page(world.store)[0] == []


@pytest.mark.parametrize(
    ("gone", "refused"), [("suspended_at", Suspended), ("deleted_at", Unauthenticated)], ids=["suspended", "leaving"]
)
@pytest.mark.parametrize("way", ["session", "key"])
def test_who_may_do_nothing_any_more_neither_stays_nor_comes_in(world, guest, way, gone, refused):
    key, _ = signing_in.new_api_key(world.store, guest.user, "oma", world.now)
    credential = guest.token if way == "session" else key
    unused = ticketing.mint(world.store, guest.user, credential, world.now)[0]
    entry = ticketing.enter(world.store, credential, world.now)
    records.users.put(world.store, guest.user.id, guest.user.replace(**{gone: world.now}))
    with pytest.raises(refused):
        ticketing.stayed(world.store, entry.user.id, entry.credential_id, world.now)
    with pytest.raises(refused):
        ticketing.enter(world.store, unused, world.now)
