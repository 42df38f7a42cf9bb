"""What a cold start pays for: the modules that a function has loaded when it answered its first request."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOUD = {
    "OMA_TARGET": "gcp",
    "GOOGLE_CLOUD_PROJECT": "demo-project",
    "OMA_PUBLIC_URL": "https://agents.example.com",
    "OMA_SERVICES": "https://{name}-123.asia-northeast3.run.app",
    "OMA_BUCKET": "demo-bucket",
    "OMA_KMS_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    "OMA_INVOKER": "invoker@demo-project.iam.gserviceaccount.com",
}
NEVER = ("anthropic", "aiohttp", "uvicorn", "starlette", "a2wsgi", "typer", "pypdf", "openpyxl")
LATE = ("grpc", "google.cloud.firestore", "google.cloud.tasks", "google.cloud.run", "google.cloud.storage")
LATE += ("google.cloud.kms", "google.cloud.scheduler")
PROGRAM = """
import json, sys
sys.path[:0] = ["functions", "."]
import main
from werkzeug.test import EnvironBuilder
from flask import Request
answer = getattr(main, sys.argv[1])(Request(EnvironBuilder(method="POST", path="/internal/nothing").get_environ()))
print(json.dumps([answer.status_code, sorted(sys.modules)]))
"""


OTHERS = (
    "ohmyagent.adapters.local.store",
    "ohmyagent.cli",
    "ohmyagent.http.admin",
    "ohmyagent.http.openapi",
    "sqlite3",
    "smtplib",
)
"""What other functions or one machine need."""


def loaded(function: str) -> set[str]:
    env = {"PATH": os.environ["PATH"]} | CLOUD
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, function], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    import json

    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 404
    return set(modules)


def test_a_function_loads_neither_what_others_serve_nor_what_one_machine_needs() -> None:
    modules = loaded("agents")
    assert [name for name in OTHERS if name in modules] == []


@pytest.mark.parametrize("function", ["agents", "tick", "launch", "deliver", "runner"])
def test_a_function_that_is_put_together_has_loaded_no_client_and_nothing_of_others(function: str) -> None:
    modules = loaded(function)
    assert [name for name in (*NEVER, *LATE) if name in modules] == []


def test_the_functions_that_nobody_waits_for_have_none_of_the_models_libraries() -> None:
    modules = loaded("tick")
    assert not [name for name in modules if name.split(".")[0] in ("anthropic", "httpx", "sqlalchemy", "jsonschema")]
