"""Chat: the whole platform beside its own upstream and a bare relay, in one run.  python -m bench.chat [--scale 1.0]

The platform has core 0; upstream and readers have core 1, and so has the gateway where it is a process of its own, as
on Google Cloud.  CPU is what a noisy machine disturbs least.
"""

import argparse
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from websockets.sync.client import connect

from bench.machine import quantile, table

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
TURNS, READERS, IDLE = 300, 1_000, 1_000
PAUSE = 0.05
WARM, SECONDS = 3.0, 6.0
STARTING = 30.0
"""Seconds that so many turns may take to begin; their words last until everybody has been measured."""
ASKED = 40
Json = dict[str, Any]


@dataclass
class Process:
    """Something on one core."""

    process: subprocess.Popen[bytes]
    port: int
    token: str = ""

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self) -> int:
        """Bytes that are its own."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer: Json = json.loads(connection.getresponse().read() or b"{}")
        connection.close()
        return answer


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def started(core: int, *command: str, **environment: str) -> subprocess.Popen[bytes]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, *command], cwd=ROOT, env=kept | environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def until_open(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def upstream() -> Process:
    port = free_port()
    process = Process(started(1, "-m", "bench.chatting.upstream", str(port)), port)
    until_open(port)
    return process


def relay(model: Process) -> Process:
    port = free_port()
    command = ("-m", "bench.chatting.relay", str(port), f"http://127.0.0.1:{model.port}")
    process = Process(started(0, *command), port)
    until_open(port)
    return process


def environment_of(folder: Path, model: Process) -> dict[str, str]:
    return {"OMA_DATA": str(folder), "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.port}", "ANTHROPIC_API_KEY": "k"}


def apart(folder: Path, model: Process) -> list[Process]:
    """The gateway, and the platform that asks it."""
    environment, found = environment_of(folder, model), list[Process]()
    for core, part in ((1, "gateway"), (0, "platform")):
        port = free_port()
        command = ["-m", "bench.chatting.parts", part, str(port), *(str(other.port) for other in found)]
        found.append(Process(started(core, *command, **environment), port))
        until_open(port)
    return found


def platform(folder: Path, model: Process) -> Process:
    port = free_port()
    environment = environment_of(folder, model)
    process = Process(started(0, "-m", "ohmyagent.cli.main", "up", "--port", str(port), **environment), port)
    until_open(port)
    while not (folder / "owner-key").exists():
        time.sleep(0.05)
    process.token = (folder / "owner-key").read_text().strip()
    return process


def words(count: float, pause: float = PAUSE) -> str:
    return f"[[{int(count)} words every {pause} s]]"


def first_word(port: int, path: str, body: Json, token: str) -> float:
    """Seconds from the request to the first word."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    begun = time.perf_counter()
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    while b"delta" not in (line := response.readline()) or b"<" not in line:
        if not line:
            raise ConnectionError("the stream ended without a word")
    taken = time.perf_counter() - begun
    response.read()
    connection.close()
    return taken


def first_words(ours: Process, model: Process) -> list[tuple[str, list[float]]]:
    """Interleaved: the upstream itself, and a turn of the platform."""
    asked = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": words(2, 0.01)}]}
    direct, turns = [], []
    for number in range(ASKED + 5):
        taken = (
            first_word(model.port, "/v1/messages", asked, "k"),
            first_word(ours.port, "/api/conversation", {"message": words(2, 0.01)}, ours.token),
        )
        if number >= 5:
            direct.append(taken[0])
            turns.append(taken[1])
    return [("upstream", direct), ("a turn", turns)]


def ready(ours: Process) -> list[float]:
    """Ticket, connect, first frame."""
    found = []
    for number in range(ASKED + 5):
        begun = time.perf_counter()
        ticket = ours.ask("POST", "/api/stream/ticket", token=ours.token)["ticket"]
        with connect(f"ws://127.0.0.1:{ours.port}/ws/{ticket}", compression=None) as opened:
            opened.recv()
            taken = time.perf_counter() - begun
        if number >= 5:
            found.append(taken)
    return found


def head(method: str, path: str, token: str, body: str = "", *more: str) -> list[str]:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {token}", *more]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return ["\r\n".join(lines) + "\r\n\r\n", body, ""]


def socket_head(ours: Process, token: str, frame: Json | None = None) -> list[str]:
    """A WebSocket with a ticket of its own; `frame` is said once it is open."""
    ticket = ours.ask("POST", "/api/stream/ticket", token=token)["ticket"]
    opening = (
        f"GET /ws/{ticket} HTTP/1.1\r\nhost: 127.0.0.1:{ours.port}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    payload = json.dumps(frame).encode() if frame else b""
    masked = b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload
    return [opening, "", masked.hex() if frame else ""]


def load(job: Json, sut: Process) -> Json:
    """What the readers saw, with the CPU that the system spent in the measured time."""
    command = ["taskset", "-c", "1", sys.executable, "-m", "bench.chatting.load"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(json.dumps(job | {"host": "127.0.0.1", "port": sut.port}))
    process.stdin.close()
    process.stderr.readline()
    time.sleep(job["warm"])
    before, memory = sut.cpu(), sut.memory()
    time.sleep(job["seconds"])
    cpu = sut.cpu() - before
    seen: Json = json.loads(process.stdout.read())
    process.wait()
    return seen | {"cpu": cpu, "seconds": job["seconds"], "memory": memory}


def streams(sut: Process, tokens: list[str]) -> Json:
    """Every turn has its own upstream stream and one reader, the one who asked."""
    body = json.dumps({"message": words((STARTING + WARM + SECONDS) / PAUSE)})
    accept = "accept: text/event-stream"
    requests = [head("POST", "/api/conversation", token, body, accept) for token in tokens]
    return load({"requests": requests, "seconds": SECONDS, "warm": WARM}, sut)


def crowd(ours: Process, tokens: list[str], readers: int) -> Json:
    """A turn of each, and so many readers spread over them: half by events, half by sockets."""
    length = words((STARTING + WARM + SECONDS + 10) / PAUSE)
    places = [(token, begun(ours, token, length)) for token in tokens]
    requests = []
    for number in range(readers):
        token, place = places[number % len(places)]
        if number % 2:
            requests.append(socket_head(ours, token, {"type": "resume", "conversationId": place, "after": 0}))
        else:
            requests.append(head("GET", f"/api/conversations/{place}/stream?after=0", token))
    seen = load({"requests": requests, "seconds": SECONDS, "warm": WARM, "sample": 5}, ours)
    for token, place in places:
        ours.ask("POST", f"/api/conversations/{place}/stop", token=token)
    return seen


def begun(ours: Process, token: str, message: str) -> str:
    """Begin a turn and hang up; the id of its conversation."""
    connection = HTTPConnection("127.0.0.1", ours.port, timeout=60)
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    connection.request("POST", "/api/conversation", json.dumps({"message": message}), headers)
    response = connection.getresponse()
    while not (line := response.readline()).startswith(b"data: "):
        if not line:
            raise ConnectionError(f"no turn was begun: {response.status}")
    connection.close()
    return str(json.loads(line[6:])["conversationId"])


def idle(ours: Process, tokens: list[str], sockets: int) -> float:
    """Bytes for each socket that is open and silent."""
    before = ours.memory()
    requests = [socket_head(ours, tokens[number % len(tokens)]) for number in range(sockets)]
    seen = load({"requests": requests, "seconds": 0.5, "warm": 2.0}, ours)
    if seen["refused"]:
        print(f"  {seen['refused']} sockets were refused")
    return (int(seen["memory"]) - before) / sockets


def writes(ours: Process, folder: Path, seconds: float) -> dict[str, int]:
    """Documents written while one turn is streamed for so long, by collection; its beginning and end included."""
    database = sqlite3.connect(next(folder.glob("*.db")), timeout=30)
    database.execute("CREATE TABLE IF NOT EXISTS bench_writes (collection TEXT)")
    for kind in ("INSERT", "UPDATE"):
        database.execute(
            f"CREATE TRIGGER bench_{kind} AFTER {kind} ON docs BEGIN INSERT INTO bench_writes VALUES (new.kind); END"
        )
    database.commit()
    ours.ask("POST", "/api/conversation", {"message": words(seconds / PAUSE)}, ours.token)
    found = dict(database.execute("SELECT collection, count(*) FROM bench_writes GROUP BY collection"))
    for kind in ("INSERT", "UPDATE"):
        database.execute(f"DROP TRIGGER bench_{kind}")
    database.commit()
    database.close()
    return found


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value * 1000:.1f}"


def report_first(found: list[tuple[str, list[float]]], sockets: list[float]) -> None:
    base = median(found[0][1])
    rows = [
        [name, milliseconds(median(taken)), milliseconds(quantile(taken, 0.9)), milliseconds(median(taken) - base)]
        for name, taken in found
    ]
    rows.append(["a WebSocket is ready", milliseconds(median(sockets)), milliseconds(quantile(sockets, 0.9)), "-"])
    table("One at a time", ["", "p50 ms", "p90 ms", "added p50 ms"], rows)
    print("  goals: a turn adds ≤ 15 ms to the first word, a WebSocket is ready within 50 ms")


def report_streams(found: list[tuple[str, int, Json]]) -> None:
    rows, base = [], 0.0
    for name, turns, seen in found:
        heard = max(1, seen["words"] / seen["sampled"] * turns)
        each = seen["cpu"] / heard
        base = each if name.startswith("bare") else base
        rows.append([
            name, seen["connections"], seen["refused"] + seen["lost"],
            f"{seen['cpu'] / seen['seconds'] * 100:.0f} %", f"{each * 1e6:.0f}", f"{each / base:.2f}",
            f"{seen['pieces'] / seen['connections'] / seen['seconds']:.1f}",
            milliseconds(seen["p50"]), milliseconds(seen["p99"]), f"{seen['busy'] * 100:.0f} %",
        ])  # fmt: skip
    columns = [
        "",
        "readers",
        "failed",
        "CPU",
        "CPU µs/word",
        "× relay",
        "pieces/s",
        "lag p50 ms",
        "lag p99 ms",
        "readers' CPU",
    ]
    table(f"Words every {PAUSE * 1000:.0f} ms for {SECONDS:.0f} s", columns, rows)
    print("  goals: p99 ≤ 100 ms; CPU per word of one reader each ≤ 2 × the relay's")


def main(scale: float = 1.0) -> None:
    turns, readers, sockets = (max(1, int(number * scale)) for number in (TURNS, READERS, IDLE))
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        ending.callback((model := upstream()).end)
        folder = Path(name) / "data"
        ending.callback((ours := platform(folder, model)).end)
        guests = [ours.ask("POST", "/api/auth/guest")["token"] for _ in range(turns)]
        report_first(first_words(ours, model), ready(ours))
        counted = writes(ours, folder, 20.0)
        print(f"\n  documents written in a turn of 20 s: {sum(counted.values())} {counted} (goal 2 a second)")
        print(f"  {idle(ours, guests, sockets) / 1024:.1f} KB for each of {sockets} idle WebSockets (goal 40)")
        ending.callback((bare := relay(model)).end)
        found = [("bare relay", turns, streams(bare, guests)), *both("ours", ours, guests, readers)]
        ours.end()
        gateway, chat = apart(Path(name) / "apart", model)
        ending.callback(gateway.end)
        ending.callback(chat.end)
        guests = [chat.ask("POST", "/api/auth/guest")["token"] for _ in range(turns)]
        chat.ask("POST", "/api/conversation", {"message": words(2, 0.01)}, guests[0])  # the SDK is imported by it
        found += [("bare relay again", turns, streams(bare, guests)), *both("own gateway", chat, guests, readers)]
        report_streams(found)


def both(name: str, ours: Process, guests: list[str], readers: int) -> list[tuple[str, int, Json]]:
    """Turns with one reader each, then as many with more readers."""
    turns = len(guests)
    alone = (f"{name}, {turns} turns", turns, streams(ours, guests))
    silence(ours, guests)
    fresh = [ours.ask("POST", "/api/auth/guest")["token"] for _ in range(turns)]
    return [alone, (f"{name}, {turns} turns", turns, crowd(ours, fresh, readers))]


def silence(ours: Process, tokens: list[str]) -> None:
    """A turn outlives its reader: end them all."""
    for token in tokens:
        for conversation in ours.ask("GET", "/api/conversations", token=token)["items"]:
            ours.ask("POST", f"/api/conversations/{conversation['id']}/stop", token=token)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of turns, readers and sockets")
    main(parser.parse_args().scale)
