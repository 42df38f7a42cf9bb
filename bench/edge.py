"""100 clients with an abusive one among them, and what a sign-in with Google costs.

Usage: python -m bench.edge [requests]
10,000 mixed requests in an open loop, in turns with and without the abuse, so that both see the same machine; a
client's address is the one that the platform's own proxy would write.  The abusive client asks 100 times a second.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import aiohttp

from bench.machine import quantile, table
from tests.google import CLIENT_ID, Google, serving
from tests.platform_process import PlatformProcess

CLIENTS, RATE, TURNS, ABUSE = 100, 200, 8, 100
ABUSER = "203.0.113.66"
KINDS = ("list", "read", "session", "models", "usage", "list", "read", "limits", "page", "change")


class Client:
    """Somebody with an address, a session and an agent."""

    def __init__(self, http: aiohttp.ClientSession, number: int) -> None:
        self._http = http
        self.headers = {"X-Forwarded-For": f"198.51.{number // 250}.{number % 250 + 1}"}
        self.agent = ""

    async def come(self) -> None:
        async with self._http.post("/api/auth/guest", headers=self.headers) as answer:
            token = (await answer.json())["token"]
        self.headers["Authorization"] = f"Bearer {token}"
        draft = {"name": "측정용", "finalPrompt": "아무 일도 하지 않는다"}
        async with self._http.post("/api/agents", json=draft, headers=self.headers) as answer:
            self.agent = (await answer.json())["id"]

    async def ask(self, kind: str) -> int:
        method, path, body = {
            "list": ("GET", "/api/agents", None),
            "read": ("GET", f"/api/agents/{self.agent}", None),
            "session": ("GET", "/api/auth/session", None),
            "models": ("GET", "/api/models", None),
            "usage": ("GET", "/api/usage", None),
            "limits": ("GET", "/api/account/limits", None),
            "page": ("GET", "/", None),
            "change": ("PATCH", f"/api/agents/{self.agent}", {"description": "다른"}),
        }[kind]
        async with self._http.request(method, path, json=body, headers=self.headers) as answer:
            await answer.read()
            return answer.status


async def abuse(http: aiohttp.ClientSession, seen: Counter[int], until: float) -> None:
    """ABUSE requests a second from one address, whatever is answered."""
    tasks: set[asyncio.Task[None]] = set()

    async def once() -> None:
        async with http.get("/api/agents", headers={"X-Forwarded-For": ABUSER, "Authorization": "Bearer x"}) as answer:
            await answer.read()
            seen[answer.status] += 1

    begun, number = time.perf_counter(), 0
    while time.perf_counter() < until:
        await asyncio.sleep(max(0, begun + number / ABUSE - time.perf_counter()))
        tasks.add(asyncio.create_task(once()))
        number += 1
    await asyncio.gather(*tasks)


async def turn(clients: list[Client], count: int) -> tuple[list[float], Counter[int]]:
    """The others' requests: seconds from when each was due, and how they were answered."""
    times: list[float] = []
    seen: Counter[int] = Counter()

    async def one(number: int, due: float) -> None:
        seen[await clients[number % len(clients)].ask(KINDS[number // len(clients) % len(KINDS)])] += 1
        times.append(time.perf_counter() - due)

    begun, tasks = time.perf_counter(), []
    for number in range(count):
        due = begun + number / RATE
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return times, seen


async def crowd(url: str, requests: int) -> None:
    times: dict[bool, list[float]] = defaultdict(list)
    others: Counter[int] = Counter()
    abuser: Counter[int] = Counter()
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=CLIENTS)) as http:
        clients = [Client(http, number) for number in range(CLIENTS)]
        for client in clients:
            await client.come()
        await turn(clients, CLIENTS * 2)
        each = requests // TURNS
        for number in range(TURNS):
            disturbed = bool(number % 2)
            until = time.perf_counter() + each / RATE
            bad = asyncio.create_task(abuse(http, abuser, until)) if disturbed else None
            found, seen = await turn(clients, each)
            times[disturbed] += found
            others += seen
            if bad is not None:
                await bad
    rows = [
        (name, len(times[which]), *(f"{quantile(times[which], share) * 1000:.1f}" for share in (0.5, 0.95, 0.99)))
        for name, which in (("undisturbed", False), ("beside the abuse", True))
    ]
    table("100 clients, ms from when a request was due", ("", "requests", "p50", "p95", "p99"), rows)
    ratio = quantile(times[True], 0.99) / quantile(times[False], 0.99)
    print(f"  p99 beside the abuse / undisturbed: {ratio:.2f}; answers {dict(others)}; the abuser's {dict(abuser)}")


async def sign_ins(url: str, google: Google, count: int = 200) -> None:
    """One after the other, the certificates fetched before; an address has its share of a minute."""
    times = []
    async with aiohttp.ClientSession(url) as http:
        for number in range(count + 10):
            headers = {"X-Forwarded-For": f"198.18.{number // 250}.{number % 250 + 1}"}
            async with http.post("/api/auth/nonce", headers=headers | {"Origin": url}) as answer:
                nonce = (await answer.json())["nonce"]
                cookie = answer.cookies["__session"].value
            body = {"credential": google.token(nonce, sub=str(number)), "nonce": nonce}
            headers |= {"Cookie": f"__session={cookie}", "Origin": url}
            http.cookie_jar.clear()
            begun = time.perf_counter()
            async with http.post("/api/auth/google", json=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 200, await answer.text()
            times.append(time.perf_counter() - begun)
    found = times[10:]
    rows = [(len(found), f"{statistics.median(found) * 1000:.1f}", f"{quantile(found, 0.99) * 1000:.1f}")]
    table("POST /api/auth/google, certificates kept, ms", ("sign-ins", "p50", "p99"), rows)


def main(requests: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder, serving() as google:
        environment = {"OMA_PROXIES": "1", "GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CERTS_URL": google.url}
        platform = PlatformProcess(Path(folder) / "data", environment)
        try:
            url = platform.start().url
            asyncio.run(sign_ins(url, google))
            asyncio.run(crowd(url, requests))
        finally:
            platform.end()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
