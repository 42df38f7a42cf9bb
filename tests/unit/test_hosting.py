"""firebase.json leads every public route to the function that has it, and no internal one anywhere."""

import json
import re
from pathlib import Path
from runpy import run_path

import pytest

from ohmyagent.http.groups import GROUPS, blueprints
from ohmyagent.http.policy import with_google_button
from ohmyagent.http.routing import routed

ROOT = Path(__file__).resolve().parents[2]
HOSTING = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))["hosting"]
INTERNAL = ("/runner/", "/internal/", "/metrics")
EXAMPLES = {"path": "folder/file.txt", "id": "x1"}


def service_of(path: str) -> str | None:
    """The service of the first rewrite whose glob matches, as Firebase Hosting chooses."""
    for rewrite in HOSTING["rewrites"]:
        glob = re.escape(rewrite["source"]).replace(r"\{,/\*\*\}", "(/.*)?").replace(r"\*\*", ".*")
        if re.fullmatch(glob, path):
            return rewrite.get("run", {}).get("serviceId")
    return None


def paths() -> list[tuple[str, str]]:
    """(an example of a route's address, its group)"""
    rules = ((rule.rule, group) for group in GROUPS for rule in routed(blueprints([group])).url_map.iter_rules())
    kinds = re.compile(r"<(?:(\w+):)?\w+>")
    return [(kinds.sub(lambda kind: EXAMPLES[kind[1] or "id"], rule), group) for rule, group in rules]


@pytest.mark.parametrize("path", sorted({path for path, _ in paths() if not path.startswith(INTERNAL)}))
def test_a_public_route_is_led_to_a_function_that_has_it(path: str) -> None:
    assert service_of(path) in {group for known, group in paths() if known == path}


@pytest.mark.parametrize("path", ["/runner/launches/x1/claim", "/internal/tick", "/gateway/v1/messages", "/metrics"])
def test_an_internal_route_is_led_nowhere(path: str) -> None:
    assert service_of(path) is None


def test_every_function_that_is_named_exists() -> None:
    named = {rewrite["run"]["serviceId"] for rewrite in HOSTING["rewrites"] if "run" in rewrite}
    assert named <= GROUPS.keys()
    assert len(named) > 3


def test_the_headers_of_hashed_files_come_after_those_of_all_so_that_they_win() -> None:
    sources = [rule["source"] for rule in HOSTING["headers"]]
    assert sources[0] == "**"
    assert {"/assets/*.js", "/assets/*.css"} <= set(sources[1:])


def test_the_policy_of_the_page_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = {header["key"]: header["value"] for header in HOSTING["headers"][0]["headers"]}
    policy = dict(rule.split(" ", 1) for rule in rules["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    allowed = {word for rule, words in policy.items() if rule.endswith("-src") for word in words.split()}
    assert allowed == {"'none'", "'self'", "data:"}


def test_googles_button_widens_the_policy_alike_here_and_where_it_is_deployed() -> None:
    hosting = run_path(str(ROOT / "infra" / "hosting.py"))
    headers = {header["key"]: header["value"] for header in HOSTING["headers"][0]["headers"]}

    widened = {name: with_google_button(name, value) for name, value in headers.items()}

    assert widened == {name: hosting["with_google_button"](name, value) for name, value in headers.items()}
    changed = {name for name in headers if widened[name] != headers[name]}
    assert changed == {"Content-Security-Policy", "Cross-Origin-Opener-Policy"}
    policy = widened["Content-Security-Policy"]
    assert policy.count("https://accounts.google.com/gsi/") == 4
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
