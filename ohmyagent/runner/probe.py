"""Whether this host can sandbox an agent, how its limits would be held, and what to do when it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field

from ohmyagent.runner.bubblewrap import Bubblewrap
from ohmyagent.runner.installation import Installation, InstallationBroken, default_home
from ohmyagent.runner.sandbox import SandboxRefused
from ohmyagent.runner.strategies import attempt, strongest
from ohmyagent.runner.toolbox import Toolbox

SLOT = 999
FIXES = {
    "bubblewrap is not installed": "Install it: apt-get install bubblewrap.",
    "not set up": "Run the set-up: make setup.",
    "has changed since": "Run the set-up again: make setup.",
    "can be changed by others": "Give the folder to root or to yourself and run the set-up again: make setup.",
    "Unknown option": "Bubblewrap 0.8 or newer is needed.",
    "namespace": "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, and on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0.",
    "uid map": "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, and on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0.",
    "no Python": "Install Python for everybody: apt-get install python3.",
}
OTHER_FIX = "Run `oma doctor` as root, or see docs/sandbox.md."


@dataclass(frozen=True)
class Report:
    """What `oma doctor` and /health say of the sandbox."""

    works: bool
    strategy: str
    mechanisms: dict[str, str] = field(default_factory=dict)
    """Per limit, what holds it: cgroup-v2, cgroup-v1, container, watchdog, affinity, rlimit or tmpfs."""
    hard: dict[str, bool] = field(default_factory=dict)
    """Per limit, whether the kernel itself holds it at every instant."""
    version: str | None = None
    reason: str | None = None
    fix: str | None = None
    toolbox: str | None = None
    """Which one agents get; None when there is none, which stops no run."""


def probe(home: str | None = None, slot: int = SLOT) -> Report:
    """Make a sandbox, run a program in it, and tell; takes about 50 ms.  Call it from the main thread."""
    try:
        folder = home or default_home()
        sandbox = strongest(folder, slot)
        strategy, mechanisms = sandbox.name, attempt(sandbox, slot)
        version = Installation.at(folder).version
    except (SandboxRefused, InstallationBroken) as error:
        reason = str(error)
        fix = next((fix for sign, fix in FIXES.items() if sign in reason), OTHER_FIX)
        return Report(False, Bubblewrap.name, reason=reason, fix=fix)
    hard = {limit: mechanism != "watchdog" for limit, mechanism in mechanisms.items()}
    return Report(True, strategy, mechanisms, hard, version, toolbox=_toolbox(folder))


def _toolbox(home: str) -> str | None:
    try:
        return Toolbox.at(home).name
    except InstallationBroken:
        return None
