"""Which sandbox a runner uses: the strongest that this place allows, found by trying it."""

from __future__ import annotations

import select

from ohmyagent.runner.bubblewrap import Bubblewrap
from ohmyagent.runner.container import Container
from ohmyagent.runner.handover import Plan
from ohmyagent.runner.limits import Watch
from ohmyagent.runner.protocol import Limits
from ohmyagent.runner.restricted import NETWORKS, Restricted
from ohmyagent.runner.sandbox import Box, Sandbox, SandboxRefused

TRY_SECONDS = 20.0


def strongest(home: str, slot: int) -> Sandbox:
    """On a host bubblewrap, which then works or refuses.  In a container of ours the first that passes a trial, or the
    first of all, whose refusal says why there is none.  Call it from the main thread.
    """
    first: Sandbox = Bubblewrap(home, slot)
    container = Container.around()
    if container is None:
        return first
    others: list[Sandbox] = [Restricted(home, slot, network, container) for network in NETWORKS]
    for sandbox in (first, *others):
        try:
            attempt(sandbox, slot)
        except SandboxRefused:
            continue
        return sandbox
    return first


def attempt(sandbox: Sandbox, slot: int) -> dict[str, str]:
    """A sandbox that runs `true`; its mechanisms.  Raises SandboxRefused when that does not end well."""
    plan = Plan(["/usr/bin/true"], {}, "", Limits())
    box = sandbox.start(plan)
    try:
        return _tried(box, plan, slot)
    finally:
        box.kill()
        box.wait()
        box.close()


def _tried(box: Box, plan: Plan, slot: int) -> dict[str, str]:
    watch = Watch(box, plan.limits, slot)
    try:
        box.go()
        ready, _, _ = select.select([box.alive], [], [], TRY_SECONDS)
        if not ready or box.wait() != 0:
            raise SandboxRefused("a program in the sandbox did not end well")
    finally:
        watch.close()
    return watch.mechanisms
