"""Which routes belong together: each group is one function on Google Cloud.

They are named rather than imported: a function loads its own, and its cold start pays for no other.
"""

from collections.abc import Iterable
from importlib import import_module

from flask import Blueprint

GROUPS: dict[str, tuple[str, ...]] = {
    "auth": ("health.bp", "auth.bp", "api_keys.bp"),
    "agents": (
        "health.bp",
        "agents.bp",
        "workspace.bp",
        "uploads.bp",
        "talks.bp",
        "executions.requests",
        "schedules.bp",
        "secrets.bp",
        "hooks.bp",
        "deliveries.bp",
    ),
    "hooks": ("health.bp", "hooks.arrivals"),
    "executions": ("health.bp", "executions.bp"),
    "account": ("health.bp", "account.bp", "usage.bp", "outbox.bp", "mail.bp", "privacy.bp"),
    "admin": ("health.bp", "beta.bp", "admin.bp", "people.bp", "overview.bp"),
    "conversations": ("health.bp", "conversations.bp", "conversations.tickets", "drafts.bp"),
    "catalogue": ("health.bp", "catalogue.bp", "documents.bp"),
    "runner": ("health.bp", "runner.bp"),
    "runner_files": ("health.bp", "runner_files.bp"),
}

INTERNAL: dict[str, tuple[str, ...]] = {
    "tick": ("health.bp", "internal.minutes"),
    "launch": ("health.bp", "internal.tasks"),
    "deliver": ("health.bp", "internal.tasks"),
}
"""What only the platform itself calls, and only on Google Cloud: on one machine threads do it."""


def blueprints(groups: Iterable[str]) -> list[Blueprint]:
    """The routes of these groups, each once; raises KeyError for an unknown group."""
    known = GROUPS | INTERNAL
    return [_found(name) for name in dict.fromkeys(name for group in groups for name in known[group])]


def _found(name: str) -> Blueprint:
    module, _, attribute = name.partition(".")
    found: Blueprint = getattr(import_module(f"ohmyagent.http.{module}"), attribute)
    return found
