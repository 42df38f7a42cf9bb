"""The API under an open loop and under 100 users at once, and what the platform weighs when idle.

Usage: python -m bench.api [seconds]
Open loop: requests are sent when their time has come, whether or not earlier ones were answered, so waiting shows.
"""

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import aiohttp

from bench.machine import quantile, table
from tests.platform_process import PlatformProcess

RATE, CLIENTS, USERS, AGENTS = 100, 16, 100, 20
DRAFT = {"name": "측정용", "finalPrompt": "아무 일도 하지 않는다"}
Times = dict[str, list[float]]


async def call(session: aiohttp.ClientSession, times: Times, kind: str, due: float, agents: list[str]) -> None:
    """One request; its time counts from when it was due."""
    method, path, body = {
        "list": ("GET", f"/api/agents?limit={AGENTS}", None),
        "read": ("GET", f"/api/agents/{agents[int(due * 1000) % len(agents)]}", None),
        "create": ("POST", "/api/agents", DRAFT),
    }[kind]
    async with session.request(method, path, json=body) as answer:
        await answer.read()
        if answer.status >= 400:
            times["error"].append(answer.status)
    times[kind].append(time.perf_counter() - due)


async def open_loop(sessions: list[aiohttp.ClientSession], agents: list[str], seconds: float) -> Times:
    """RATE requests a second, 45 % lists, 45 % reads, 10 % creations, spread over the sessions."""
    times: Times = defaultdict(list)
    kinds = ["list", "read"] * 9 + ["create"] * 2
    start, tasks = time.perf_counter(), []
    for number in range(int(RATE * seconds)):
        due = start + number / RATE
        await asyncio.sleep(max(0, due - time.perf_counter()))
        session, kind = sessions[number % len(sessions)], kinds[number % len(kinds)]
        tasks.append(asyncio.create_task(call(session, times, kind, due, agents)))
    await asyncio.gather(*tasks)
    return times


async def all_at_once(url: str) -> Times:
    """USERS guests, each signing in, creating an agent and listing, at the same moment."""
    times: Times = defaultdict(list)

    async def user() -> None:
        async with aiohttp.ClientSession(url) as session:
            started = time.perf_counter()
            async with session.post("/api/auth/guest", json={}) as answer:
                token = (await answer.json())["token"]
            session.headers["Authorization"] = f"Bearer {token}"
            for kind in ("create", "list"):
                await call(session, times, kind, time.perf_counter(), [""])
            times["user"].append(time.perf_counter() - started)

    await asyncio.gather(*(user() for _ in range(USERS)))
    return times


async def measured(platform: PlatformProcess, seconds: float) -> tuple[Times, Times]:
    """Figures of the steady load and of the crowd, after two seconds of warming up."""
    agents = [platform.agent(name=f"에이전트 {number}")["id"] for number in range(AGENTS)]
    headers = {"Authorization": f"Bearer {platform.key}"}
    sessions = [aiohttp.ClientSession(platform.url, headers=headers) for _ in range(CLIENTS)]
    try:
        await open_loop(sessions, agents, 2)
        return await open_loop(sessions, agents, seconds), await all_at_once(platform.url)
    finally:
        for session in sessions:
            await session.close()


def proportional_mb(pid: int) -> float:
    """Proportional set size: memory of its own, shared pages divided among their users."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main(seconds: float = 20) -> None:
    with tempfile.TemporaryDirectory() as folder:
        platform = PlatformProcess(Path(folder) / "data").start()
        try:
            time.sleep(3)
            assert platform.process is not None
            idle = proportional_mb(platform.process.pid)
            steady, crowd = asyncio.run(measured(platform, seconds))
            after = proportional_mb(platform.process.pid)
        finally:
            platform.end()
    rows = [(name, kind, len(values), *(f"{quantile(values, q) * 1000:.1f}" for q in (0.5, 0.99, 1)))
            for name, times in (("open loop", steady), ("100 users at once", crowd))
            for kind, values in sorted(times.items()) if kind != "error"]  # fmt: skip
    table(f"API, {RATE} requests/s from {CLIENTS} clients (goal: p50 5 ms, p99 30 ms)",
          ("load", "request", "n", "p50 ms", "p99 ms", "max ms"), rows)  # fmt: skip
    print(f"  errors: {len(steady['error']) + len(crowd['error'])};"
          f" memory idle {idle:.0f} MB (goal: 150), after the load {after:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
