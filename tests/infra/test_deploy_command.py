"""`oma deploy gcp` with a gcloud and a terraform that only note what they are asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.cli import deploying

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ("--project", "example-project")
ANSWERS = {
    "auth list": "somebody@example.com",
    "auth application-default print-access-token": "a token",
    "projects describe": "1234567890",
    "billing projects describe": "True",
    "secrets list": "ANTHROPIC_API_KEY\nOMA_LINK_KEY",
    "secrets versions list": "1",
}
STAND_IN = f"""#!{sys.executable}
import json, sys
from pathlib import Path
here = Path(__file__).resolve().parent.parent
name, words = Path(__file__).name, " ".join(sys.argv[1:])
given = sys.stdin.read() if "--data-file=-" in words else ""
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([f"{{name}} {{words}}", given]) + "\\n")
rules = json.loads((here / "rules.json").read_text())
if any(word in words for word in rules["fails"]):
    sys.exit(1)
print(next((answer for start, answer in rules["answers"].items() if words.startswith(start)), ""))
"""


class Machine:
    """A terminal with the two stand-ins on its path, and a copy of the environments to write to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("gcloud", "terraform"):
            (self.bin / name).write_text(STAND_IN)
            (self.bin / name).chmod(0o755)
        self.rule()

    def rule(self, *fails: str, **answers: str) -> None:
        changed = {name.replace("_", " "): answer for name, answer in answers.items()}
        (self.folder / "rules.json").write_text(json.dumps({"fails": fails, "answers": ANSWERS | changed}))

    def type(self, *words: str, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
        env = {"PATH": str(self.bin), "LANG": language, "HOME": str(self.folder), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "ohmyagent.cli.main", "deploy", "gcp", *words]
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=200, check=False, stdin=subprocess.DEVNULL
        )

    @property
    def calls(self) -> list[tuple[str, str]]:
        log = self.folder / "calls"
        return [tuple(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []

    def did(self, words: str) -> bool:
        return any(words in call for call, _ in self.calls)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def variables() -> Iterator[Path]:
    """What the command writes into the repository, and its removal."""
    path = ROOT / "infra" / "terraform" / "environments" / "staging.tfvars.json"
    if path.exists():
        pytest.skip("this repository has a staging environment of its own")
    yield path
    path.unlink(missing_ok=True)


STAGING = (*PROJECT, "--environment", "staging", "--yes")


def test_a_dry_run_prints_every_command_and_asks_nobody(machine: Machine) -> None:
    done = machine.type(*PROJECT, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert machine.calls == []
    for words in (
        "gcloud services enable",
        "buckets create",
        "terraform -chdir=",
        "versions add",
        "gcloud builds submit",
    ):
        assert words in done.stdout
    steps: list[dict[str, Any]] = json.loads(machine.type(*PROJECT, "--dry-run", "--json").stdout)["steps"]
    assert [step["command"].split()[0] for step in steps].count("terraform") == 2


def test_it_does_the_steps_in_their_order_and_writes_what_terraform_needs(machine: Machine, variables: Path) -> None:
    done = machine.type(*STAGING, "--github", "example/oh-my-agent", "--alert-email", "operator@example.com")

    assert done.returncode == 0, done.stderr
    made = [call for call, _ in machine.calls]
    order = ["services enable", "terraform -chdir", "apply", "builds submit"]
    places = [next(place for place, call in enumerate(made) if words in call) for words in order]
    assert places == sorted(places)
    assert json.loads(variables.read_text()) == {
        "project": "example-project",
        "project_number": "1234567890",
        "region": "asia-northeast3",
        "firestore_location": "asia-northeast3",
        "github_repository": "example/oh-my-agent",
        "alert_emails": ["operator@example.com"],
        "secret_versions": {"ANTHROPIC_API_KEY": "1", "OMA_LINK_KEY": "1"},
    }


def test_what_is_there_is_not_made_again(machine: Machine, variables: Path) -> None:
    assert machine.type(*STAGING).returncode == 0
    assert not machine.did("buckets create")
    assert not machine.did("versions add")


def test_a_new_project_gets_its_bucket_and_a_key_that_is_nowhere_but_there(machine: Machine, variables: Path) -> None:
    machine.rule("buckets describe", "versions describe")

    done = machine.type(*STAGING)

    assert machine.did("buckets create gs://example-project-terraform")
    (key,) = [given for call, given in machine.calls if "versions add OMA_LINK_KEY" in call]
    assert len(key) >= 40
    assert key not in done.stdout + done.stderr + variables.read_text()
    assert not any(key in call for call, _ in machine.calls)


def test_without_a_model_key_it_says_how_to_give_one(machine: Machine, variables: Path) -> None:
    machine.rule(secrets_list="OMA_LINK_KEY")

    done = machine.type(*STAGING)

    assert "gcloud secrets versions add ANTHROPIC_API_KEY" in done.stderr
    assert "ANTHROPIC_API_KEY" not in json.loads(variables.read_text())["secret_versions"]


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        ({"auth_list": ""}, "gcloud auth login"),
        ({"projects_describe": ""}, "gcloud projects create example-project"),
        ({"billing_projects_describe": "False"}, "gcloud billing projects link example-project"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(machine: Machine, answer: dict[str, str], fix: str) -> None:
    machine.rule(**answer)

    done = machine.type(*STAGING)

    assert done.returncode == 1
    assert fix in done.stderr
    assert not machine.did("services enable")


def test_a_step_that_fails_ends_it_and_is_named(machine: Machine, variables: Path) -> None:
    machine.rule(" apply ")

    done = machine.type(*STAGING)

    assert done.returncode == 1
    assert "apply -input=false" in done.stderr
    assert not machine.did("builds submit")


def test_without_the_programs_it_says_where_they_are(machine: Machine) -> None:
    (machine.bin / "terraform").unlink()

    done = machine.type(*PROJECT, "--dry-run")

    assert done.returncode == 1
    assert "https://developer.hashicorp.com/terraform/install" in done.stderr
    assert "gcloud" not in done.stderr


def test_nobody_is_asked_twice_but_somebody_is_asked(machine: Machine) -> None:
    done = machine.type(*PROJECT, "--environment", "staging")

    assert done.returncode == 1
    assert not machine.did("services enable")


def test_the_targets_of_the_first_apply_exist(machine: Machine) -> None:
    platform = (deploying.TERRAFORM / "platform.tf").read_text(encoding="utf-8")
    steps = deploying.prepared(deploying.Plan("example-project", "asia-northeast3", "prod"))
    targets = [word for step in steps for word in step.command if word.startswith("-target=")]
    assert len(targets) == 3
    for target in targets:
        assert f'module "{target.rpartition(".")[2]}"' in platform


def test_it_speaks_korean(machine: Machine) -> None:
    assert "버킷" in machine.type(*PROJECT, "--dry-run", language="ko_KR.UTF-8").stdout
