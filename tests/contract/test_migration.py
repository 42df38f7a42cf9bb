"""A data folder onto Firestore, Cloud Storage and KMS: all of it arrives, and a difference is found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ohmyagent import records, wiring
from ohmyagent.adapters.gcp.files import BucketFiles
from ohmyagent.adapters.gcp.vault import KmsVault
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.errors import Conflict
from ohmyagent.domain.executions import ExecutionRequest
from ohmyagent.domain.secrets import SecretDraft
from ohmyagent.settings import Settings
from ohmyagent.use_cases import delivering, designing, emigrating, entrusting, hooking, keeping, running, signing_in

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = pytest.mark.emulator


@dataclass
class There:
    store: Any
    files: BucketFiles
    vault: KmsVault


@pytest.fixture
def there(firestore: Callable[[], Any], bucket: BucketFiles, kms_vault: KmsVault) -> There:
    return There(firestore(), bucket, kms_vault)


@pytest.fixture
def here(tmp_path: Path) -> wiring.Local:
    return wiring.local(Settings.from_env({"OMA_DATA": str(tmp_path / "data")}))


def furnished(here: wiring.Local) -> tuple[Any, Any]:
    """An owner with an agent that has a file, a secret, a webhook in and out, and a run."""
    owner = signing_in.owner(here.store, NOON)
    draft = AgentDraft(name="보고서", final_prompt="써 줘", network={"allow": ["api.example.com"]})
    agent = designing.create(here.store, here.models, owner, draft, now=NOON)
    keeping.upload(here.store, here.files, owner, agent.id, "자료/a.txt", b"\x00\xff" * 500, NOON)
    secret = SecretDraft(value="geheim-1234", hosts=("api.example.com",), header="Authorization", prefix="Bearer ")
    entrusting.put(here.store, here.vault, owner, agent.id, "API_KEY", secret, NOON)
    hooking.create(here.store, here.vault, owner, agent.id, NOON)
    delivering.secret(here.store, here.vault, owner, agent.id, NOON)
    running.request(here.store, here.queue, here.models, owner, agent.id, ExecutionRequest(input="x"), now=NOON)
    return owner, agent


def moved(here: wiring.Local, there: There) -> emigrating.Moved:
    return emigrating.emigrate(here, there, here.store.paths(), here.files.keys())


def test_everything_arrives_and_secrets_open_there(here: wiring.Local, there: There) -> None:
    owner, agent = furnished(here)
    assert emigrating.empty(there.store)
    for _ in range(2):
        found = moved(here, there)
    assert found.files == 1
    assert {"users", "agents", "secrets", "hooks", "webhookSecrets", "executions"} <= found.documents.keys()
    assert sum(found.documents.values()) == len(here.store.paths())
    secret = records.secrets(agent.id).get(there.store, "API_KEY")
    assert there.vault.unseal(secret.sealed, secret.context) == "geheim-1234"
    shared = delivering.secret(there.store, there.vault, owner, agent.id, NOON)  # type: ignore[arg-type]
    assert shared.secret == delivering.secret(here.store, here.vault, owner, agent.id, NOON).secret
    assert records.agents.get(there.store, agent.id) == records.agents.get(here.store, agent.id)
    assert not emigrating.empty(there.store)


def test_what_changes_on_the_way_is_found(here: wiring.Local, there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    furnished(here)

    class Forgetful:
        """Loses a field of agents."""

        def __getattr__(self, name: str) -> Any:
            return getattr(there_store, name)

        def put(self, path: str, data: dict[str, Any]) -> None:
            forgets = path.startswith("agents/") and path.count("/") == 1
            there_store.put(path, {name: value for name, value in data.items() if not (forgets and name == "name")})

    there_store, there.store = there.store, Forgetful()
    with pytest.raises(Conflict, match="not what was sent"):
        moved(here, there)


def test_nothing_moves_while_a_run_goes_on(here: wiring.Local, there: There) -> None:
    furnished(here)
    (run,), _ = records.executions.page(here.store)
    records.executions.put(here.store, run.id, run.launching("nonce", NOON, NOON))
    with pytest.raises(Conflict, match="run goes on"):
        moved(here, there)
    assert emigrating.empty(there.store)
