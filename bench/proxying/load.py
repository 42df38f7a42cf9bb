"""A load generator of one core: closed loop, keep-alive.  Reads a job as JSON on stdin, prints what it saw as JSON.

Job: {host, port, path, tokens, body, connections, seconds}; connection i sends token i modulo their number.  With
`paced` each connection sends once and reads a paced stream to its end.
"""

import asyncio
import json
import re
import sys
import time

import uvloop


class Client(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again."""

    def __init__(self, request: bytes, until: float, done: "asyncio.Future[None]") -> None:
        self.request = request
        self.until = until
        self.done = done
        self.firsts: list[float] = []
        self.wholes: list[float] = []
        self.errors = 0
        self.data = b""
        self.first = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.errors += 1
            self.done.set_result(None)

    def send(self) -> None:
        self.data, self.first, self.sent = b"", 0.0, time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.data = self.data + data if self.data else data
        head = self.data.find(b"\r\n\r\n")
        if head < 0:
            return
        if not self.first and len(self.data) > head + 4:
            self.first = time.perf_counter() - self.sent
        if self.whole(head):
            self.answered()

    def whole(self, head: int) -> bool:
        lowered = self.data[:head].lower()
        place = lowered.find(b"content-length: ")
        if place < 0:
            return self.data.endswith(b"\r\n0\r\n\r\n")
        return len(self.data) >= head + 4 + int(lowered[place + 16 :].split(b"\r\n", 1)[0])

    def answered(self) -> None:
        self.wholes.append(time.perf_counter() - self.sent)
        self.firsts.append(self.first)
        if not self.data.startswith(b"HTTP/1.1 200"):
            self.errors += 1
        if time.perf_counter() < self.until:
            self.send()
        else:
            self.done.set_result(None)
            self.transport.close()


STAMP = re.compile(rb"t=([0-9]{9})")


class Reader(asyncio.Protocol):
    """One paced stream: how late each delta is."""

    def __init__(self, request: bytes, done: "asyncio.Future[None]") -> None:
        self.request, self.done = request, done
        self.lags: list[float] = []
        self.tail = b""
        self.errors = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.monotonic() * 1e6 % 1e9
        self.lags += [(now - int(stamp)) / 1e6 for stamp in STAMP.findall(data)]
        self.tail = (self.tail + data)[-5:]
        if self.tail == b"0\r\n\r\n":
            self.done.set_result(None)
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.errors += 1
            self.done.set_result(None)


async def paced(job: dict) -> dict:
    loop = asyncio.get_running_loop()
    readers = []
    for number in range(job["connections"]):
        token = job["tokens"][number % len(job["tokens"])]
        reader = Reader(request(job, token), loop.create_future())
        await loop.create_connection(lambda reader=reader: reader, job["host"], job["port"])
        readers.append(reader)
        await asyncio.sleep(0.0021)
    await asyncio.gather(*(reader.done for reader in readers))
    lags = sorted(lag for reader in readers for lag in reader.lags)
    return {
        "deltas": len(lags),
        "errors": sum(reader.errors for reader in readers),
        "lag_p50": lags[len(lags) // 2],
        "lag_p99": lags[int(len(lags) * 0.99)],
    }


def request(job: dict, token: str) -> bytes:
    head = (
        f"POST {job['path']} HTTP/1.1\r\nhost: bench\r\nx-api-key: {token}\r\nanthropic-version: 2023-06-01\r\n"
        f"content-type: application/json\r\ncontent-length: {len(job['body'])}\r\n\r\n"
    )
    return (head + job["body"]).encode()


async def run(job: dict) -> dict:
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    clients = []
    for number in range(job["connections"]):
        token = job["tokens"][number % len(job["tokens"])]
        client = Client(request(job, token), start + job["seconds"], loop.create_future())
        await loop.create_connection(lambda client=client: client, job["host"], job["port"])
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - start
    firsts = sorted(first for client in clients for first in client.firsts)
    count = len(firsts)
    return {
        "requests": count,
        "rps": count / seconds,
        "errors": sum(client.errors for client in clients),
        "first_p50": firsts[count // 2] if firsts else None,
        "first_p99": firsts[int(count * 0.99)] if firsts else None,
    }


async def main(job: dict) -> dict:
    return await (paced(job) if job.get("paced") else run(job))


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(json.load(sys.stdin)))))
