"""What the platform needs on this machine, looked at one by one."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ohmyagent.cli import client, place, words
from ohmyagent.cli.problems import Unreachable
from ohmyagent.domain.errors import Problem
from ohmyagent.runner.installation import Installation, InstallationBroken, default_home
from ohmyagent.runner.toolbox import Toolbox
from ohmyagent.settings import Settings

LEAST_DISK = 10**9
ANTHROPIC_URL = "https://api.anthropic.com"
SECONDS = 5
PAGE = Path(__file__).resolve().parents[2] / "web" / "dist" / "index.html"


@dataclass(frozen=True)
class Finding:
    """One check: `detail` says what was found, `fix` what to do when it is not fine."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None


Check = Callable[[Settings], Finding]


def part(name: str, use: Callable[[], object]) -> Finding:
    """A part of the platform on Google Cloud, by using it as the caller's own account."""
    try:
        use()
    except Problem as problem:
        return Finding(name, False, problem.detail, words.CLOUD_FIX())
    return Finding(name, True, words.CLOUD_OK())


def python(_: Settings) -> Finding:
    """Which one it is; on one that is too old this program does not start."""
    return Finding("python", True, ".".join(map(str, sys.version_info[:3])))


def sandbox(here: Settings) -> Finding:
    """A sandbox is really made.  Must run in the main thread."""
    from ohmyagent.runner.probe import probe

    report = probe(_home(here))
    if not report.works:
        return Finding("sandbox", False, report.reason or "", report.fix)
    held = ", ".join(f"{limit} {mechanism}" for limit, mechanism in report.mechanisms.items())
    return Finding("sandbox", True, words.SANDBOX_OK(strategy=report.strategy, limits=held))


def cli(here: Settings) -> Finding:
    """The agent CLI is asked, not its file name."""
    try:
        path = Installation.at(_home(here)).claude
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
    except InstallationBroken as broken:
        return Finding("cli", False, str(broken), words.CLI_FIX())
    except (OSError, subprocess.SubprocessError):
        return Finding("cli", False, words.CLI_SILENT(path=path), words.CLI_FIX())
    return Finding("cli", True, words.CLI_OK(version=told.stdout.split()[0]))


def toolbox(here: Settings) -> Finding:
    """Agents run without it, but their Python then has nothing more than the machine's own."""
    try:
        return Finding("toolbox", True, Toolbox.at(_home(here)).name)
    except InstallationBroken as broken:
        return Finding("toolbox", False, str(broken), words.TOOLBOX_FIX())


def model(here: Settings) -> Finding:
    """The upstream is asked for its models, which costs nothing.  A compatible one may not know the question."""
    key, url = here.anthropic_api_key, here.anthropic_base_url or ANTHROPIC_URL
    if key is None and here.anthropic_base_url is None:
        return Finding("model", True, words.MODEL_DEMO())
    headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    try:
        status = client.request(url, "GET", "/v1/models", None, headers, SECONDS).status
    except Unreachable as problem:
        return Finding("model", False, words.MODEL_SILENT(url=url, reason=problem.reason), words.MODEL_FIX())
    if status in (401, 403):
        return Finding("model", False, words.MODEL_KEY(url=url, status=status), words.MODEL_KEY_FIX())
    if status >= 500:
        return Finding("model", False, words.MODEL_BROKEN(url=url, status=status), words.MODEL_FIX())
    return Finding("model", True, words.MODEL_OK(url=url))


def port(here: Settings) -> Finding:
    running = place.local(here.data)
    if running is not None and running.url.endswith(f":{here.port}"):
        return Finding("port", True, words.PORT_OURS(port=here.port))
    try:
        socket.create_server(("127.0.0.1", here.port)).close()
    except OSError:
        return Finding("port", False, words.PORT_BUSY(port=here.port), words.PORT_FIX(next=here.port + 1))
    return Finding("port", True, words.PORT_FREE(port=here.port))


def disk(here: Settings) -> Finding:
    """Room, and leave to write, in the data folder or where it will be made."""
    there = next(folder for folder in (here.data, *here.data.parents) if folder.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("disk", False, words.DISK_BROKEN(path=there), words.DISK_BROKEN_FIX())
    free = shutil.disk_usage(there).free
    detail = words.DISK_OK(free=f"{free / 1e9:.1f}", path=here.data)
    return Finding("disk", free >= LEAST_DISK, detail, None if free >= LEAST_DISK else words.DISK_FIX())


def page(_: Settings) -> Finding:
    if PAGE.is_file():
        return Finding("page", True, words.PAGE_OK())
    return Finding("page", False, words.PAGE_MISSING(), words.CLI_FIX())


def platform(here: Settings) -> Finding:
    """A platform that does not run is no fault; one that runs and fails is."""
    running = place.local(here.data)
    if running is None:
        return Finding("platform", True, words.PLATFORM_OFF())
    try:
        answer = client.request(running.url, "GET", "/health", None, {}, SECONDS)
    except Unreachable as problem:
        sick = words.PLATFORM_SICK(url=running.url, reason=problem.reason)
        return Finding("platform", False, sick, words.PLATFORM_FIX())
    health = answer.json()
    if answer.status != 200:
        reason = json.dumps(health.get("checks", answer.status), ensure_ascii=False)
        return Finding("platform", False, words.PLATFORM_SICK(url=running.url, reason=reason), words.PLATFORM_FIX())
    return Finding("platform", True, words.PLATFORM_OK(url=running.url, version=health["version"]))


def mail(here: Settings) -> Finding:
    """What receivers ask of the sender's domain.  Where nobody answers, nothing is known and nothing is wrong."""
    if here.smtp_url is None or here.mail_from is None:
        return Finding("mail", True, words.MAIL_OFF())
    from ohmyagent.cli import mail_records  # the resolver is loaded where it is used

    try:
        found, wrong = mail_records.faults(here.mail_from, here.mail_dkim_selector)
    except mail_records.Unresolved:
        return Finding("mail", True, words.MAIL_UNRESOLVED())
    return Finding("mail", not wrong, found, " ".join(wrong) or None)


ALL: tuple[Check, ...] = (python, sandbox, cli, toolbox, model, port, disk, page, mail, platform)


def _home(here: Settings) -> str:
    return str(here.sandbox_home or default_home())
