"""Secrets that people entrust to an agent: kept sealed, opened only where a request leaves for one of their hosts."""

import re
from dataclasses import dataclass
from datetime import datetime

from ohmyagent import reach, records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import Forbidden, Invalid
from ohmyagent.domain.secrets import MOST_SECRETS, NAME, Secret, SecretDraft
from ohmyagent.ports import Store, Vault
from ohmyagent.use_cases import designing, metering


@dataclass(frozen=True)
class Injection:
    """A header to add to one request; `value`, the prefix and the secret, is in the clear and must go nowhere else."""

    header: str
    value: str
    secret: str

    def __repr__(self) -> str:
        return f"Injection({self.header!r})"


@dataclass(frozen=True)
class Errand:
    """A request that a sandbox may make to `host`, with what is added to it outside."""

    agent_id: str
    host: str
    injections: tuple[Injection, ...]


def put(store: Store, vault: Vault, user: User, agent_id: str, name: str, draft: SecretDraft, now: datetime) -> Secret:
    """Keep a secret, or replace it; its hosts must be on the agent's allowlist, or nothing could ever use it."""
    agent = designing.find(store, user, agent_id)
    if not re.fullmatch(NAME, name):
        raise Invalid.of("name", "does not have the right form")
    outside = [host for host in draft.hosts if not reach.admits(agent.network.allow, host)]
    if outside:
        raise Invalid.of("hosts", f"{outside[0]} is not on the agent's list of allowed hosts")
    secrets = records.secrets(agent_id)
    before = secrets.find(store, name)
    others = [secret for secret in listing(store, user, agent_id) if secret.name != name]
    if len(others) >= MOST_SECRETS:
        raise Invalid.of("name", f"an agent has at most {MOST_SECRETS} secrets")
    if any(other.fills(draft.header, host) for other in others for host in draft.hosts):
        raise Invalid.of("header", "is filled for one of these hosts by another secret")
    secret = Secret(
        name=name,
        agent_id=agent_id,
        user_id=user.id,
        sealed="",
        hosts=draft.hosts,
        header=draft.header,
        prefix=draft.prefix,
        created_at=before.created_at if before else now,
        updated_at=now,
    )
    sealed = vault.seal(draft.value, secret.context)
    return secrets.put(store, name, secret.replace(sealed=sealed))


def listing(store: Store, user: User, agent_id: str) -> list[Secret]:
    """The agent's secrets by name; their values stay sealed."""
    designing.find(store, user, agent_id)
    found, _ = records.secrets(agent_id).page(store, oldest="name", limit=MOST_SECRETS)
    return found


def find(store: Store, user: User, agent_id: str, name: str) -> Secret:
    """Raises NotFound when there is no such secret."""
    designing.find(store, user, agent_id)
    return records.secrets(agent_id).get(store, name)


def remove(store: Store, user: User, agent_id: str, name: str) -> None:
    """Raises NotFound when there is no such secret."""
    find(store, user, agent_id, name)
    records.secrets(agent_id).delete(store, name)


def errand(store: Store, vault: Vault, token: str, runner_token: str, host: str, now: datetime) -> Errand:
    """What the run that holds `token` may send to `host`, and what is added to it.

    The token says whose run it is, and the host is the one that is really dialled: neither a Host header nor an SNI
    decides.  The sandbox has that token too, so its runner's proves that the request came by the runner, which counts.
    Raises Forbidden for a dead token and for a host that is not on the run's own allowlist, Gone after the run's end.
    """
    ledger = metering.live(store, token, now)
    execution = records.executions.get(store, ledger.id)
    execution.held_by(runner_token, execution.epoch)
    if not reach.admits(execution.agent.network.allow, host):
        raise Forbidden(f"{host} is not on the agent's list of allowed hosts.")
    found, _ = records.secrets(execution.agent_id).page(store, oldest="name", limit=MOST_SECRETS)
    injections = tuple(_injection(vault, secret) for secret in found if host in secret.hosts)
    return Errand(execution.agent_id, host, injections)


def served_hosts(store: Store, agent_id: str, allowed: tuple[str, ...]) -> list[str]:
    """The hosts that a run with this allowlist may call with one of its agent's secrets."""
    found, _ = records.secrets(agent_id).page(store, oldest="name", limit=MOST_SECRETS)
    return sorted({host for secret in found for host in secret.hosts if reach.admits(allowed, host)})


def _injection(vault: Vault, secret: Secret) -> Injection:
    value = vault.unseal(secret.sealed, secret.context)
    return Injection(secret.header, secret.prefix + value, value)
