"""`oma deploy gcp`: from a project with a billing account to a platform that serves; each step may be repeated."""

import json
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from ohmyagent.cli import screen, words
from ohmyagent.cli.problems import Stop, Usage
from ohmyagent.cli.words import Words

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "infra" / "terraform"
PROGRAMS = {
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "terraform": "https://developer.hashicorp.com/terraform/install",
}
FIRST = ("serviceusage", "cloudresourcemanager", "iam", "cloudbuild", "storage", "cloudbilling", "firebase")
"""What Terraform and the build themselves need; the rest Terraform turns on."""
KINDS = ("function", "service", "job")
LINK_KEY = "OMA_LINK_KEY"
NO_IMAGE = "none@sha256:" + "0" * 64
"""Before the first build there are no images, and nothing that would need one is made."""


@dataclass(frozen=True)
class Plan:
    """What is deployed where."""

    project: str
    region: str
    environment: str
    github: str = ""
    billing_account: str = ""
    alert_email: str = ""
    site_domain: str = ""
    stream_domain: str = ""

    @property
    def differs(self) -> Path:
        """What this environment has other than the defaults."""
        return TERRAFORM / "environments" / f"{self.environment}.tfvars"

    @property
    def answers(self) -> Path:
        """Terraform's variables, to be kept in one's own repository: no secret is in them."""
        return self.differs.with_suffix(".tfvars.json")

    def variables(self, number: str, versions: dict[str, str]) -> dict[str, Any]:
        given = {
            "github_repository": self.github,
            "billing_account": self.billing_account,
            "site_domain": self.site_domain,
            "stream_domain": self.stream_domain,
            "alert_emails": [self.alert_email] if self.alert_email else [],
            "secret_versions": versions,
        }
        settled = {"project": self.project, "project_number": number, "region": self.region}
        settled["firestore_location"] = self.region
        return settled | {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Step:
    """One command; `unless` is a command whose success makes it needless, `secret` goes to its standard input."""

    why: Words
    command: tuple[str, ...]
    unless: tuple[str, ...] = ()
    secret: str | None = None

    @property
    def shown(self) -> str:
        return shlex.join(self.command)


def deploy(plan: Plan, *, dry: bool, sure: bool, as_json: bool) -> None:
    """Run the steps, or only show them; raises Stop at the first that fails."""
    _check_programs()
    if not plan.differs.is_file():
        raise Usage(words.DEPLOY_NOWHERE(path=plan.differs))
    steps = [*prepared(plan), *finished(plan)]
    if dry:
        return _show(plan, steps, as_json=as_json)
    number = _project_number(plan)
    if not sure and not typer.confirm(words.DEPLOY_SURE(project=plan.project, region=plan.region), err=True):
        raise Stop(words.DEPLOY_NOT())
    known = json.loads(plan.answers.read_text(encoding="utf-8")) if plan.answers.exists() else {}
    _write(plan, known | plan.variables(number, known.get("secret_versions", {})))
    for step in prepared(plan):
        run(step)
    versions = _secret_versions(plan)
    _write(plan, known | plan.variables(number, versions))
    for step in finished(plan):
        run(step)
    if "ANTHROPIC_API_KEY" not in versions:
        screen.say(words.DEPLOY_NO_KEY(project=plan.project))
    if as_json:
        screen.data({"project": plan.project, "variables": str(plan.answers), "steps": [step.shown for step in steps]})
    return None


def prepared(plan: Plan) -> Iterator[Step]:
    """What must be there before the first build."""
    state, project = f"gs://{plan.project}-terraform", f"--project={plan.project}"
    services = (f"{name}.googleapis.com" for name in FIRST)
    yield Step(words.DEPLOY_SERVICES, ("gcloud", "services", "enable", *services, project))
    yield Step(
        words.DEPLOY_STATE,
        ("gcloud", "storage", "buckets", "create", state, project, f"--location={plan.region}",
         "--uniform-bucket-level-access", "--public-access-prevention"),
        unless=("gcloud", "storage", "buckets", "describe", state, project),
    )  # fmt: skip
    yield Step(words.DEPLOY_VERSIONS, ("gcloud", "storage", "buckets", "update", state, "--versioning", project))
    terraform = ("terraform", f"-chdir={TERRAFORM}")
    # one configuration, a state for each project: what init remembers of another environment is not kept
    init = ("init", "-input=false", "-reconfigure", f"-backend-config=bucket={plan.project}-terraform")
    yield Step(words.DEPLOY_INIT, (*terraform, *init))
    images = json.dumps(dict.fromkeys(KINDS, NO_IMAGE))
    targets = (f"-target=module.{name}" for name in ("project", "data", "identity"))
    values = (f"-var-file={plan.differs}", f"-var-file={plan.answers}", "-var", f"images={images}")
    yield Step(words.DEPLOY_GROUND, (*terraform, "apply", "-input=false", "-auto-approve", *targets, *values))
    add = ("gcloud", "secrets", "versions", "add", LINK_KEY, "--data-file=-", project)
    there = ("gcloud", "secrets", "versions", "describe", "latest", f"--secret={LINK_KEY}", project)
    yield Step(words.DEPLOY_LINK_KEY, add, unless=there, secret=secrets.token_urlsafe(32))


def finished(plan: Plan) -> Iterator[Step]:
    """The first build, which does the rest; the same as every later one."""
    given = f"_ENVIRONMENT={plan.environment},_REGION={plan.region}"
    source = f"--gcs-source-staging-dir=gs://{plan.project}-builds/source"
    build = (
        "gcloud",
        "builds",
        "submit",
        str(ROOT),
        f"--config={ROOT / 'cloudbuild.yaml'}",
        f"--project={plan.project}",
    )
    yield Step(words.DEPLOY_BUILD, (*build, f"--region={plan.region}", source, f"--substitutions={given}"))


def run(step: Step) -> None:
    """Do it, unless it is done; what it says is progress."""
    if step.unless and subprocess.run(step.unless, capture_output=True, check=False).returncode == 0:
        return
    screen.say(f"{step.why()}\n  {step.shown}")
    done = subprocess.run(step.command, input=step.secret, text=True, stdout=2, check=False)
    if done.returncode:
        raise Stop(words.DEPLOY_FAILED(command=step.shown, code=done.returncode))


def _check_programs() -> None:
    missing = [words.DEPLOY_MISSING(program=name, url=url) for name, url in PROGRAMS.items() if not shutil.which(name)]
    if missing:
        raise Stop("\n".join(missing))


def _project_number(plan: Plan) -> str:
    """Raises Stop where nobody is signed in, the project is not theirs, or has no billing account."""
    signed_in = _said("auth", "list", "--filter=status:ACTIVE", "--format=value(account)")
    if not signed_in or not _said("auth", "application-default", "print-access-token"):
        raise Stop(words.DEPLOY_SIGN_IN())
    number = _said("projects", "describe", plan.project, "--format=value(projectNumber)")
    if not number:
        raise Stop(words.DEPLOY_NO_PROJECT(project=plan.project))
    if _said("billing", "projects", "describe", plan.project, "--format=value(billingEnabled)") != "True":
        raise Stop(words.DEPLOY_NO_BILLING(project=plan.project))
    return number


def _secret_versions(plan: Plan) -> dict[str, str]:
    """The newest version of each of the platform's secrets that has one."""
    names = _said("secrets", "list", f"--project={plan.project}", "--format=value(name)").split()
    given = ("--filter=state:ENABLED", "--sort-by=~name", "--limit=1", "--format=value(name)")
    found = {name: _said("secrets", "versions", "list", name, f"--project={plan.project}", *given) for name in names}
    return {name: version for name, version in found.items() if version}


def _said(*command: str) -> str:
    """What gcloud answers; nothing when it fails."""
    done = subprocess.run(("gcloud", *command), capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _write(plan: Plan, variables: dict[str, Any]) -> None:
    plan.answers.write_text(json.dumps(variables, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _show(plan: Plan, steps: list[Step], *, as_json: bool) -> None:
    if as_json:
        listed = [{"why": step.why(), "command": step.shown} for step in steps]
        return screen.data({"project": plan.project, "variables": str(plan.answers), "steps": listed})
    for step in steps:
        screen.tell(f"# {step.why()}\n{step.shown}\n")
    return screen.say(words.DRY())
