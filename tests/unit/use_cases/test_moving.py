"""A guest's agents among an account's: each under a name of its own."""

from pathlib import Path

import pytest

from ohmyagent import records
from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.agents import SlugLock
from ohmyagent.domain.moves import Move
from ohmyagent.use_cases import designing, moving
from tests.world import World


@pytest.fixture
def vault(tmp_path: Path) -> KeyFileVault:
    return KeyFileVault(tmp_path / "vault.key")


def test_agents_that_move_are_named_like_no_other(world: World, vault: KeyFileVault) -> None:
    guest, account = world.user("u_guest"), world.user("u_account")
    gone = world.agent(guest, slug="news")
    designing.delete(world.store, guest, gone.id, now=world.now)
    news, other = world.agent(guest, slug="news"), world.agent(guest, slug="other")
    own = news.id.replace("_", "-")
    world.agent(account, slug="news")
    world.agent(account, slug=own)
    lock = SlugLock(id="slug_1", user_id=guest.id, slug="other", agent_id=other.id)
    records.slugs.put(world.store, lock.id, lock)
    before = records.shelves.get(world.store, account.id).changes

    move = Move.begun(guest, account, world.now)
    assert moving.carry_out(world.store, world.files, vault, move, world.now)

    found = {agent.id: agent.slug for agent in designing.page(world.store, account)[0]}
    assert (found[news.id], found[other.id], len(found)) == (f"{own}-2", "other", 4)
    assert designing.versions(world.store, account, other.id)[0][0].draft.slug == "other"
    assert records.shelves.get(world.store, account.id).changes == before + 1
    assert records.slugs.find(world.store, lock.id) is None
    back = designing.restore(world.store, account, gone.id, now=world.now)
    assert back.slug == gone.id.replace("_", "-")
