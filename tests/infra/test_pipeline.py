"""cloudbuild.yaml and the workflow: by their published schemas, and the shell in them by shellcheck."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra import deployables

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BUILD = ROOT / "cloudbuild.yaml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def build() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(BUILD.read_text(encoding="utf-8"))
    return found


def schema_faults(name: str, file: Path) -> str:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", name, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def shell_faults(script: str) -> str:
    done = subprocess.run(
        [str(BIN / "shellcheck"), "--shell", "bash" if "bash" in script.splitlines()[0] else "sh", "-"],
        input=script, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_build_follows_cloud_builds_schema(tmp_path: Path) -> None:
    assert schema_faults("vendor.cloudbuild", BUILD) == ""
    broken = tmp_path / "cloudbuild.yaml"
    broken.write_text(BUILD.read_text(encoding="utf-8").replace("timeout: 7200s", "timeout: [7200]"), encoding="utf-8")
    assert "timeout" in schema_faults("vendor.cloudbuild", broken)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_follows_githubs_schema_and_has_a_time_limit(workflow: Path) -> None:
    assert schema_faults("vendor.github-workflows", workflow) == ""
    assert schema_faults("custom.github-workflows-require-timeout", workflow) == ""


def test_the_build_does_everything_in_its_order() -> None:
    steps = [step["id"] for step in build()["steps"]]
    parts = ["parts-functions", "parts-services", "parts-runner"]
    after = ["plan", "hold", "apply", "dead-letters", "hosting", "release"]
    assert steps == ["check", "test", "images", *parts, *after]


def test_the_shell_of_the_build_has_no_faults() -> None:
    scripts = {step["id"]: step["script"] for step in build()["steps"] if "script" in step}
    assert len(scripts) >= 8
    assert {name: faults for name, script in scripts.items() if (faults := shell_faults(script))} == {}
    assert shell_faults("#!/bin/sh\ncp $1 $2\n") != ""


DOCKER = """#!/bin/sh
echo "$@" >>calls
case $1 in inspect) echo "${4%%:*}@sha256:$(printf %064d 7)" ;; esac
"""


def test_every_image_is_made_from_a_base_that_is_named_by_its_digest(tmp_path: Path) -> None:
    """The step as it is, with a docker that says what it is asked."""
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (script,) = (step["script"] for step in build()["steps"] if step["id"] == "images")
    given = build()["substitutions"] | {"PROJECT_ID": "demo", "BUILD_ID": "1", "_DEBIAN": f"debian@sha256:{'0' * 64}"}
    env = given | {"PATH": f"{docker.parent}:/usr/bin:/bin"}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, timeout=200, check=True)
    calls = (tmp_path / "calls").read_text()
    bases = re.findall(r"^build --build-arg BASE=(\S+) --file (\S+)/Dockerfile", calls, re.MULTILINE)
    python = f"docker.io/library/python@sha256:{'7'.zfill(64)}"
    assert bases == [(python, "functions"), (python, "services"), (given["_DEBIAN"], "jobs/agent-runner")]
    assert (tmp_path / "made" / "bases.digest").read_text().split() == [python, given["_DEBIAN"]]


@pytest.mark.parametrize("folder", ["functions", "services", "jobs/agent-runner"])
def test_a_dockerfile_has_no_base_but_the_one_it_is_given(folder: str) -> None:
    lines = (ROOT / folder / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "ARG BASE" in lines
    assert {line.split()[1] for line in lines if line.startswith("FROM")} == {"${BASE}"}


def test_the_actions_of_the_workflows_are_named_by_commit() -> None:
    used = [line for file in WORKFLOWS for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert len(used) == 3
    assert [line for line in used if not re.search(r"uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_the_shell_of_the_workflows_has_no_faults() -> None:
    found = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in WORKFLOWS]
    jobs = [job for workflow in found for job in workflow["jobs"].values()]
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert scripts
    assert [shell_faults(f"#!/bin/bash\n{script}") for script in scripts] == [""] * len(scripts)


def test_a_workflow_has_no_key_and_may_do_nothing_but_read_and_prove_who_it_is() -> None:
    for workflow in WORKFLOWS:
        text = workflow.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {"contents": "read", "id-token": "write"}
        assert "secrets." not in text
        assert "credentials_json" not in text


def test_every_substitution_that_is_used_is_there_and_every_one_that_is_there_is_used() -> None:
    text = BUILD.read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{?(_[A-Z_]+)", text))
    assert used == set(build()["substitutions"])


def listed(kind: str) -> set[str]:
    command = [sys.executable, str(ROOT / "infra" / "processes.py"), "--class", kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    return set(done.stdout.strip().split(","))


@pytest.mark.parametrize("kind", ["all", "public", "oidc", "token"])
def test_the_build_reads_the_map_of_what_runs_as_yaml_does(kind: str) -> None:
    found = {name for name, process in deployables.processes().items() if kind in ("all", process["class"])}
    assert listed(kind) == (found or {""})


def test_the_page_is_deployed_with_this_region_and_this_stream(tmp_path: Path) -> None:
    output = tmp_path / "firebase.json"
    words = ["--region", "asia-northeast1", "--stream", "https://stream.example.com", "--output", str(output)]
    subprocess.run([sys.executable, str(ROOT / "infra" / "hosting.py"), *words], check=True, timeout=200)
    hosting = json.loads(output.read_text(encoding="utf-8"))["hosting"]
    assert {one["run"]["region"] for one in hosting["rewrites"] if "run" in one} == {"asia-northeast1"}
    policy = next(one["value"] for one in hosting["headers"][0]["headers"] if one["key"] == "Content-Security-Policy")
    assert "connect-src 'self' https://stream.example.com wss://stream.example.com;" in policy
