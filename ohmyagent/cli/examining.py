"""`oma doctor`: every check with its finding, and what to do about those that failed."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.text import Text

from ohmyagent import wiring
from ohmyagent.cli import checks, screen, words
from ohmyagent.cli.checks import Finding
from ohmyagent.cli.problems import Usage
from ohmyagent.cli.surroundings import settings


def doctor(*, as_json: bool, target: str | None = None) -> int:
    """0 if everything is fine, else 1."""
    found = []
    for finding in findings(target):
        found.append(finding)
        if not as_json:
            _show(finding)
    failed = sum(not finding.ok for finding in found)
    if as_json:
        screen.data({"ok": not failed, "checks": [asdict(finding) for finding in found]})
    elif failed:
        screen.say(words.SOME_FAIL(count=failed, all=len(found)), "red")
    else:
        screen.say(words.ALL_FINE(), "green")
    return 1 if failed else 0


def findings(target: str | None = None) -> Iterator[Finding]:
    """One after the other, as they are known.  Without valid settings nothing else can be looked at."""
    try:
        here = settings(target)
    except Usage as wrong:
        yield Finding("settings", False, str(wrong), words.SETTINGS_FIX())
        return
    parts = wiring.parts_of_the_cloud(here)
    for name, use in parts.items():
        yield checks.part(name, use)
    for check in () if parts else checks.ALL:
        yield check(here)


def _show(finding: Finding) -> None:
    mark = ("✓ ", "green") if finding.ok else ("✗ ", "red")
    name = words.CHECKS[finding.name]()
    screen.out.print(Text.assemble(mark, (f"{name}: ", "bold"), screen.clean(finding.detail)), soft_wrap=True)
    if finding.fix:
        screen.tell(f"  {words.FIX(fix=finding.fix)}", "yellow")
