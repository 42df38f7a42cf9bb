"""Which routes belong together: each group is one function on Google Cloud."""

from collections.abc import Iterable

from flask import Blueprint

from ohmyagent.http import (
    account,
    admin,
    agents,
    api_keys,
    auth,
    beta,
    catalogue,
    conversations,
    deliveries,
    documents,
    drafts,
    executions,
    health,
    hooks,
    internal,
    mail,
    outbox,
    overview,
    people,
    privacy,
    runner,
    runner_files,
    schedules,
    secrets,
    talks,
    uploads,
    usage,
    workspace,
)

GROUPS: dict[str, tuple[Blueprint, ...]] = {
    "auth": (health.bp, auth.bp, api_keys.bp),
    "agents": (
        health.bp,
        agents.bp,
        workspace.bp,
        uploads.bp,
        talks.bp,
        executions.requests,
        schedules.bp,
        secrets.bp,
        hooks.bp,
        deliveries.bp,
    ),
    "hooks": (health.bp, hooks.arrivals),
    "executions": (health.bp, executions.bp),
    "account": (health.bp, account.bp, usage.bp, outbox.bp, mail.bp, privacy.bp),
    "admin": (health.bp, beta.bp, admin.bp, people.bp, overview.bp),
    "conversations": (health.bp, conversations.bp, conversations.tickets, drafts.bp),
    "catalogue": (health.bp, catalogue.bp, documents.bp),
    "runner": (health.bp, runner.bp),
    "runner_files": (health.bp, runner_files.bp),
}

INTERNAL: dict[str, tuple[Blueprint, ...]] = {
    "tick": (health.bp, internal.minutes),
    "launch": (health.bp, internal.tasks),
    "deliver": (health.bp, internal.tasks),
}
"""What only the platform itself calls, and only on Google Cloud: on one machine threads do it."""


def blueprints(groups: Iterable[str]) -> list[Blueprint]:
    """The routes of these groups, each once; raises KeyError for an unknown group."""
    known = GROUPS | INTERNAL
    return list(dict.fromkeys(blueprint for group in groups for blueprint in known[group]))
