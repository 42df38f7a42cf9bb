"""Terraform sets what the program needs on Google Cloud, and nothing that the program does not know."""

from __future__ import annotations

import re
from pathlib import Path

from ohmyagent.settings import GOOGLE_NEEDS, Settings
from tests.infra.terraform import Plan

SETTINGS = (Path(__file__).resolve().parents[2] / "ohmyagent" / "settings.py").read_text(encoding="utf-8")
FRAMEWORK = {"FUNCTION_TARGET", "FUNCTION_SIGNATURE_TYPE", "THREADS"}


def environments(plan: Plan) -> dict[str, dict[str, str]]:
    """What each service is given; for a secret, the name of it."""
    containers = {
        service.values["name"]: service.values["template"][0]["containers"][0]
        for service in plan.all("google_cloud_run_v2_service")
    }
    return {
        name: {env["name"]: env.get("value") or f"secret-{env['name']}" for env in container["env"]}
        for name, container in containers.items()
    }


def test_every_service_has_what_the_program_asks_for(plan: Plan) -> None:
    for name, env in environments(plan).items():
        assert set(GOOGLE_NEEDS) <= env.keys(), name


def test_every_name_is_one_that_the_program_reads(plan: Plan) -> None:
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', SETTINGS)) | FRAMEWORK
    assert {name for env in environments(plan).values() for name in env} <= known


def test_the_program_takes_the_values_as_they_are(plan: Plan) -> None:
    env = environments(plan)["agents"] | {"OMA_KMS_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}
    found = Settings.from_env(env)
    assert found.google is not None
    assert found.google.url("gateway") == "https://gateway-1234567890.asia-northeast3.run.app"
    assert (found.public_url, found.stream_url) == ("https://agents.example.com", "https://stream.example.com")
    assert found.google.job == next(plan.all("google_cloud_run_v2_job")).values["name"]
    assert found.google.tick == next(plan.all("google_cloud_scheduler_job")).values["name"]
