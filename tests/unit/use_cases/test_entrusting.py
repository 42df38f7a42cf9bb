"""Secrets: sealed at rest, opened only for their own hosts, by a live run of their own agent."""

import pytest
from pydantic import ValidationError

from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.errors import Forbidden, Invalid, NotFound
from ohmyagent.domain.secrets import SecretDraft
from ohmyagent.use_cases import entrusting

CANARY = "canary-7f3a9b2c"
HOSTS = ["api.example.com", "*.example.org"]


@pytest.fixture
def vault(tmp_path):
    return KeyFileVault(tmp_path / "vault.key")


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def agent(world, user):
    return world.agent(user, network={"allow": HOSTS})


@pytest.fixture
def keep(world, vault, user, agent):
    def put(name="key", hosts=("api.example.com",), **fields):
        draft = SecretDraft.model_validate({"value": CANARY, "hosts": list(hosts)} | fields)
        return entrusting.put(world.store, vault, user, agent.id, name, draft, world.now)

    return put


def test_a_secret_is_added_to_requests_for_its_host_only(world, vault, user, agent, keep):
    keep(header="X-Api-Key", prefix="")
    _, claim = world.started(user, agent)
    tokens = claim.spec.model_token, claim.token
    [injection] = entrusting.errand(world.store, vault, *tokens, "api.example.com", world.now).injections
    assert (injection.header, injection.value) == ("X-Api-Key", CANARY)
    assert CANARY not in repr(injection)
    assert entrusting.errand(world.store, vault, *tokens, "other.example.org", world.now).injections == ()
    with pytest.raises(Forbidden):
        entrusting.errand(world.store, vault, *tokens, "api.example.com.evil.example.net", world.now)


def test_it_dies_with_the_run_and_another_agents_run_does_not_have_it(world, vault, user, agent, keep):
    keep()
    other = world.agent(user, name="다른", network={"allow": HOSTS})
    _, theirs = world.started(user, other)
    assert (
        entrusting.errand(
            world.store, vault, theirs.spec.model_token, theirs.token, "api.example.com", world.now
        ).injections
        == ()
    )
    _, claim = world.started(user, agent)
    world.call(claim)
    world.finish(claim)
    with pytest.raises(Forbidden):
        entrusting.errand(world.store, vault, claim.spec.model_token, claim.token, "api.example.com", world.now)


def test_its_value_is_nowhere_in_the_store(world, keep, tmp_path):
    kept = keep()
    assert CANARY not in kept.model_dump_json()
    assert CANARY.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("oma.db*"))


def test_a_sealed_value_moved_to_another_agent_does_not_open(world, vault, user, agent, keep):
    sealed = keep().sealed
    other = world.agent(user, name="다른", network={"allow": HOSTS})
    forged = keep().replace(agent_id=other.id, sealed=sealed)
    with pytest.raises(Forbidden):
        vault.unseal(forged.sealed, forged.context)


def test_a_host_outside_the_allowlist_is_refused_by_name(keep):
    with pytest.raises(Invalid) as refused:
        keep(hosts=["evil.example.net"])
    assert refused.value.errors[0].field == "hosts"


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "short"}, {"value": "line\r\nbreak!"}, {"value": " padded value "}, {"value": "비밀비밀비밀비밀"},
        {"hosts": []}, {"hosts": ["*.example.com"]}, {"hosts": ["10.0.0.1"]}, {"header": "Host"},
        {"header": "Transfer-Encoding"}, {"header": "X Y"}, {"header": "Proxy-Authorization"}, {"prefix": "a\n"},
    ],
)  # fmt: skip
def test_what_could_not_be_a_header_is_refused(fields):
    with pytest.raises(ValidationError):
        SecretDraft.model_validate({"value": CANARY, "hosts": ["api.example.com"]} | fields)


def test_secrets_are_listed_replaced_and_removed_by_their_owner_alone(world, user, agent, keep):
    keep()
    keep(header="X-Two")
    [kept] = entrusting.listing(world.store, user, agent.id)
    assert (kept.name, kept.header) == ("key", "X-Two")
    stranger = world.user("u2")
    for act in (entrusting.listing, lambda *a: entrusting.remove(*a, "key")):
        with pytest.raises(NotFound):
            act(world.store, stranger, agent.id)
    entrusting.remove(world.store, user, agent.id, "key")
    with pytest.raises(NotFound):
        entrusting.remove(world.store, user, agent.id, "key")
