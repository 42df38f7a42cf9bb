"""Readers of streams, on one core: a job as JSON on stdin, what they saw as JSON on stdout.

Job: {host, port, requests: [[head, body, then]…], seconds, warm, sample}.  Each request is a connection; `then` (hex)
is sent when the first answer is there.  From `warm` seconds after everybody has one, the delays of the words that come
to each `sample`-th reader are noted for `seconds`.
"""

import asyncio
import json
import re
import sys
import time

import uvloop

WORD = re.compile(rb"<(\d+\.\d{6})>")


class Client(asyncio.Protocol):
    """One connection: asks, then reads words."""

    def __init__(self, request: bytes, then: bytes, window: list[float], sampled: bool) -> None:
        self.request = request
        self.then = then
        self.window = window
        self.sampled = sampled
        self.lags: list[float] = []
        self.pieces = 0
        self.words = 0
        self.refused = False
        self.begun = False
        self.closed_early = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.begun:
            self.begun = True
            self.refused = data[9:12] not in (b"200", b"101")
            self.transport.write(self.then)  # type: ignore[attr-defined]
        now = time.monotonic()
        if not self.window[0] <= now <= self.window[1]:
            return
        self.pieces += 1
        if self.sampled:
            lags = [now - float(said) for said in WORD.findall(data)]
            self.lags += [lag for lag in lags if lag < 30]
            self.words += len(lags)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed_early = time.monotonic() < self.window[1]


async def run(job: dict) -> dict:
    loop = asyncio.get_running_loop()
    window = [float("inf"), float("inf")]
    clients = []
    for number, (head, body, then) in enumerate(job["requests"]):
        client = Client((head + body).encode(), bytes.fromhex(then), window, number % job.get("sample", 1) == 0)
        await loop.create_connection(lambda client=client: client, job["host"], job["port"])
        clients.append(client)
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    for _ in range(100):  # whoever has no answer by then has failed
        if all(client.begun for client in clients):
            break
        await asyncio.sleep(0.1)
    print("open", file=sys.stderr, flush=True)
    window[:] = [time.monotonic() + job["warm"], time.monotonic() + job["warm"] + job["seconds"]]
    busy = time.process_time()
    await asyncio.sleep(job["warm"] + job["seconds"])
    lags = sorted(lag for client in clients for lag in client.lags)
    for client in clients:
        client.transport.abort()
    return {
        "connections": len(clients),
        "refused": sum(client.refused or not client.begun for client in clients),
        "lost": sum(client.closed_early for client in clients),
        "pieces": sum(client.pieces for client in clients),
        "sampled": sum(client.sampled for client in clients),
        "words": sum(client.words for client in clients),
        "p50": lags[len(lags) // 2] if lags else None,
        "p99": lags[int(len(lags) * 0.99)] if lags else None,
        "busy": (time.process_time() - busy) / (job["warm"] + job["seconds"]),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
