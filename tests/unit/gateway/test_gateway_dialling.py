"""Names that are looked up for sandboxes, and whose servers may be a sandbox's accomplices."""

import asyncio
import threading

import pytest

from ohmyagent.gateway.dialling import Dialler
from ohmyagent.reach import Policy, Refusal

ONE_RUNS_CALLS = 48


def test_names_that_never_resolve_hold_up_no_other_run():
    given_up = threading.Event()

    def resolve(host, port):
        if host == "silent.example.com":
            given_up.wait(60)
        return ["127.0.0.1"]

    dialler = Dialler(lambda allow: Policy(allow, resolve=resolve))

    async def calls():
        stuck = [asyncio.create_task(dialler.dial("silent.example.com", 55)) for _ in range(ONE_RUNS_CALLS)]
        await asyncio.sleep(0.1)
        try:
            with pytest.raises(Refusal, match="address not allowed"):
                await dialler.dial("other.example.com", 30)
        finally:
            given_up.set()
            await asyncio.gather(*stuck, return_exceptions=True)

    asyncio.run(calls())
