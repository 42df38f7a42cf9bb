"""Who is let in: sessions and keys are kept as digests, links work once."""

import json

import pytest

from ohmyagent import records
from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.use_cases import signing_in


def test_a_guest_is_signed_in_until_they_log_out(world):
    guest = signing_in.guest(world.store, "ko", world.now)
    user, session = signing_in.authenticate(world.store, guest.token, world.now)
    assert (user.id, user.name, session.user_id) == (guest.user.id, "게스트", guest.user.id)
    signing_in.log_out(world.store, guest.token)
    signing_in.log_out(world.store, guest.token)
    with pytest.raises(Unauthenticated):
        signing_in.authenticate(world.store, guest.token, world.now)


@pytest.mark.parametrize("days", [7, 31])
def test_a_session_ends_when_idle_and_in_any_case(world, days):
    guest = signing_in.guest(world.store, "en", world.now)
    with pytest.raises(Unauthenticated):
        signing_in.authenticate(world.store, guest.token, world.later(days=days))


def test_using_a_session_keeps_it_alive_and_writes_at_most_once_in_five_minutes(world):
    guest = signing_in.guest(world.store, "en", world.now)
    for _ in range(4):
        signing_in.authenticate(world.store, guest.token, world.later(days=6))
    seen = records.sessions.get(world.store, guest.session.id).seen_at
    signing_in.authenticate(world.store, guest.token, world.later(minutes=4))
    assert records.sessions.get(world.store, guest.session.id).seen_at == seen
    with pytest.raises(Unauthenticated):
        signing_in.authenticate(world.store, guest.token, world.later(days=6))


def test_a_link_signs_in_once_and_not_after_an_hour(world):
    owner = signing_in.owner(world.store, world.now)
    code = signing_in.new_link_code(world.store, owner, world.now)
    assert signing_in.redeem(world.store, code, world.now).user == owner
    with pytest.raises(Unauthenticated):
        signing_in.redeem(world.store, code, world.now)
    late = signing_in.new_link_code(world.store, owner, world.now)
    with pytest.raises(Unauthenticated):
        signing_in.redeem(world.store, late, world.later(hours=1))


def test_there_is_one_owner(world):
    assert signing_in.owner(world.store, world.now) == signing_in.owner(world.store, world.later(days=1))


@pytest.mark.parametrize("credential", ["", "oma_", "oma_guess", "guess", "\ud800", "x" * 9_000])
def test_what_is_no_credential_is_refused(world, credential):
    with pytest.raises(Unauthenticated):
        signing_in.authenticate(world.store, credential, world.now)


def test_neither_a_token_nor_a_key_stands_in_the_store(world, tmp_path):
    guest = signing_in.guest(world.store, "ko", world.now)
    key, _ = signing_in.new_api_key(world.store, guest.user, "test", world.now)
    code = signing_in.new_link_code(world.store, guest.user, world.now)
    assert signing_in.authenticate(world.store, key, world.now)[0] == guest.user
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("oma.db*"))
    assert guest.user.id.encode() in kept
    for secret in (guest.token, key, code):
        assert secret.encode() not in kept, json.dumps(secret[:6])
