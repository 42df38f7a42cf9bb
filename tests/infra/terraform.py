"""Terraform without a provider: what it would make, read as values.

The kit beside the repository serves the provider's schema to the real Terraform; without it, or without Terraform,
there is nothing to test with.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "infra" / "terraform"
ENVIRONMENTS = ("staging", "prod")
KIT = ROOT.parent / "shared" / "kit" / "tfcheck"
Json = dict[str, Any]


def lacking(*, kit: bool = True) -> str | None:
    """Why Terraform cannot be asked here; None when it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    if kit and not (KIT / "tfstub.py").is_file():
        return "the kit with the provider's schema is not beside the repository"
    return None


def offline(*command: str) -> subprocess.CompletedProcess[str]:
    """`terraform` on schema-only providers."""
    stub = [sys.executable, str(KIT / "tfstub.py"), "--init", str(TERRAFORM), "--"]
    terraform = ["terraform", f"-chdir={TERRAFORM}", *command, "-no-color"]
    return subprocess.run([*stub, *terraform], capture_output=True, text=True, timeout=300, check=False)


@dataclass(frozen=True)
class Resource:
    """One thing that Terraform would make."""

    address: str
    type: str
    values: Json

    @property
    def key(self) -> str:
        """What `for_each` calls it."""
        return self.address.rpartition("[")[2].strip('"]')


@dataclass(frozen=True)
class Plan:
    """Everything that would be made."""

    resources: tuple[Resource, ...]

    @classmethod
    def of(cls, plan: Json) -> Plan:
        changes = plan["resource_changes"]
        return cls(tuple(Resource(one["address"], one["type"], one["change"]["after"] or {}) for one in changes))

    def all(self, type: str, module: str = "") -> Iterator[Resource]:
        return (found for found in self.resources if found.type == type and module in found.address)

    def one(self, type: str, key: str) -> Resource:
        return next(found for found in self.all(type) if found.key == key)

    def accounts(self) -> dict[str, str]:
        """The addresses of the service accounts, by name."""
        return {one.values["account_id"]: one.values["email"] for one in self.all("google_service_account")}

    def grants(self) -> list[tuple[str, str, str]]:
        """(who, role, on what) of every role that is given, whatever kind of resource gives it."""
        return [
            (str(member), str(one.values["role"]), one.address)
            for one in self.resources
            if "_iam_" in one.type and "role" in one.values
            for member in [one.values.get("member"), *one.values.get("members", [])]
            if member is not None
        ]


@cache
def plans(environment: str) -> tuple[dict[str, Plan], str]:
    """The plan of each run of Terraform's own tests in that environment, by name, and what went wrong in them."""
    done = offline("test", f"-var-file=environments/{environment}.tfvars", "-json", "-verbose")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = {line["@testrun"]: Plan.of(line["test_plan"]) for line in lines if "test_plan" in line}
    wrong = "\n".join(line["@message"] for line in lines if line.get("@level") == "error")
    return found, wrong or ("" if done.returncode == 0 else done.stdout[-2000:] + done.stderr[-2000:])
