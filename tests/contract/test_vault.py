"""What every Vault must do, with a key file and with Cloud KMS; then what only the key file does."""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.errors import Forbidden, Unavailable

SECRET = "sk-한국어-🔑"


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFileVault:
    return KeyFileVault(tmp_path / "vault.key")


@pytest.fixture(params=["key_file", "kms_vault"])
def vault(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("secret", ["", SECRET, "x" * 100_000])
def test_a_secret_comes_back_in_its_context(vault: Any, secret: str) -> None:
    assert vault.unseal(vault.seal(secret, "u1/a1"), "u1/a1") == secret


def test_a_secret_of_another_context_is_forbidden(vault: Any) -> None:
    sealed = vault.seal(SECRET, "u1/a1")
    for context in ("u1/a2", "", "u1/a1 "):
        with pytest.raises(Forbidden):
            vault.unseal(sealed, context)


def test_a_sealed_text_shows_nothing_and_is_never_the_same_twice(vault: Any) -> None:
    one, other = vault.seal(SECRET, "c"), vault.seal(SECRET, "c")
    assert one != other
    assert one.isascii()
    assert SECRET.encode() not in urlsafe_b64decode(one.split(".")[2])


def test_a_sealed_text_that_was_tampered_with_is_forbidden(key_file: KeyFileVault) -> None:
    version, id, text = key_file.seal(SECRET, "c").split(".")
    raw = urlsafe_b64decode(text)
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(Forbidden):
            key_file.unseal(f"{version}.{id}.{urlsafe_b64encode(changed).decode()}", "c")
    for broken in ("", "v1", f"v2.{id}.{text}", f"v1.00000000.{text}", f"v1.{id}.", f"v1.{id}.한", f"v1.{id}.{text}.x"):
        with pytest.raises(Forbidden):
            key_file.unseal(broken, "c")


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "vault.key"
    sealed = KeyFileVault(path).seal(SECRET, "c")
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeyFileVault(path).unseal(sealed, "c") == SECRET
    assert [entry.name for entry in path.parent.iterdir()] == ["vault.key"]


def test_vaults_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    vaults: list[KeyFileVault] = []
    make = lambda: vaults.append(KeyFileVault(tmp_path / "vault.key"))  # noqa: E731
    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = vaults[0].seal(SECRET, "c")
    assert [vault.unseal(sealed, "c") for vault in vaults] == [SECRET] * 8


def test_another_key_opens_nothing(key_file: KeyFileVault, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        KeyFileVault(tmp_path / "other.key").unseal(key_file.seal(SECRET, "c"), "c")


def test_after_a_rotation_older_secrets_still_open(key_file: KeyFileVault, tmp_path: Path) -> None:
    before = key_file.seal(SECRET, "c")
    key_file.rotate()
    after = key_file.seal(SECRET, "c")
    assert before.split(".")[1] != after.split(".")[1]
    again = KeyFileVault(tmp_path / "vault.key")
    assert [again.unseal(sealed, "c") for sealed in (before, after)] == [SECRET, SECRET]


def test_derived_keys_differ_by_purpose_and_last(key_file: KeyFileVault, tmp_path: Path) -> None:
    assert key_file.derived("links") == KeyFileVault(tmp_path / "vault.key").derived("links")
    assert key_file.derived("links") != key_file.derived("other")
    assert len(key_file.derived("links")) == 32


def test_a_key_file_that_others_can_read_is_refused(key_file: KeyFileVault, tmp_path: Path) -> None:
    (tmp_path / "vault.key").chmod(0o640)
    with pytest.raises(Unavailable, match="chmod 600"):
        KeyFileVault(tmp_path / "vault.key")


@pytest.mark.parametrize("text", ["", "x", "AAAA\n", "not base64 at all!\n"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vault.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="damaged"):
        KeyFileVault(path)
