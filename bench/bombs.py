"""What a hostile agent does to others: the API's answers, and a quiet agent's run, while bombs go off beside them.

Usage: python -m bench.bombs
"""

import asyncio
import tempfile
import threading
import time
from pathlib import Path

import aiohttp

from bench.machine import quantile, table
from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import PlatformProcess
from tests.scripted import bash, script

BOMBS = {
    "nothing": "sleep 0.1; i=0; while [ $i -lt 20 ]; do i=$((i+1)); sleep 0.5; done",
    "forks": "b() { b | b & }; b; sleep 10",
    "memory": 'for i in 1 2 3 4; do python3 -c "x=[bytearray(10**7) for _ in range(400)]" & done; wait; sleep 3',
    "disk": "dd if=/dev/zero of=big bs=1M 2>/dev/null; for i in $(seq 3000); do echo x > f$i; done; sleep 3",
    "output": "timeout 8 yes 0123456789012345678901234567890123456789",
    "processor": "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; sleep 8; kill 0",
}
RATE = 50


async def asked(platform: PlatformProcess, until: threading.Event) -> list[float]:
    """Seconds that reads took, from when each was due, RATE a second, until the bomb is over."""
    times: list[float] = []
    headers = {"Authorization": f"Bearer {platform.key}"}

    async def ask(session: aiohttp.ClientSession, due: float) -> None:
        async with session.get("/api/agents?limit=20") as answer:
            await answer.read()
        times.append(time.perf_counter() - due)

    async with aiohttp.ClientSession(platform.url, headers=headers) as session:
        start, tasks = time.perf_counter(), []
        while not until.is_set():
            due = start + len(tasks) / RATE
            await asyncio.sleep(max(0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(ask(session, due)))
        await asyncio.gather(*tasks)
    return times


def beside(platform: PlatformProcess, bomb: str) -> tuple[list[float], float, str]:
    """Times of the API, seconds that a quiet run took meanwhile, and how the bomb ended."""
    loud = platform.agent(name="시끄러운 이웃", finalPrompt=script(bash(bomb), {"text": "ok"}))
    quiet = platform.agent(name="조용한 이웃", finalPrompt=script(bash("echo da"), {"text": "ok"}))
    over, ended = threading.Event(), {}

    def runs() -> None:
        try:
            bombing = platform.run(loud)["id"]
            platform.until(bombing, "running", "succeeded", "failed")
            begun = time.monotonic()
            ended["quiet"] = platform.until(platform.run(quiet)["id"])["status"]
            ended["seconds"] = time.monotonic() - begun
            last = platform.until(bombing, seconds=90)
            ended["bomb"] = last["errorCode"] or last["status"]
        finally:
            over.set()

    thread = threading.Thread(target=runs)
    thread.start()
    times = asyncio.run(asked(platform, over))
    thread.join()
    assert ended["quiet"] == "succeeded", ended
    return times, ended["seconds"], ended["bomb"]


def main() -> None:
    rows = []
    with FakeAnthropic() as fake, tempfile.TemporaryDirectory() as folder:
        environment = {"ANTHROPIC_BASE_URL": fake.url, "ANTHROPIC_API_KEY": "bench"}
        platform = PlatformProcess(Path(folder) / "data", environment).start()
        try:
            for name, bomb in BOMBS.items():
                times, seconds, end = beside(platform, bomb)
                p50, p99 = (quantile(times, share) * 1000 for share in (0.5, 0.99))
                rows.append((name, len(times), f"{p50:.1f}", f"{p99:.1f}", f"{seconds:.1f}", end))
        finally:
            platform.end()
    head = ("bomb", "requests", "API p50 ms", "API p99 ms", "quiet run s", "bomb ended")
    table("A quiet agent and the API beside a bomb (goal: p99 100 ms, the quiet run succeeds)", head, rows)


if __name__ == "__main__":
    main()
