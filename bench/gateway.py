"""The gateway beside a direct upstream, nginx and LiteLLM, in one interleaved run.  python -m bench.gateway [rounds]

The system under test has core 0, load and upstream have core 1.  CPU per request is what noise disturbs least.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.machine import table
from bench.proxying import contenders
from bench.proxying.contenders import Contender

ROUNDS = 3
SECONDS = 2.0
STREAMS, WORDS = (100, 300), 100
"""How many paced streams at once, and of how many words each; 20 a second."""
BODY = {"model": "claude-sonnet-5-5", "max_tokens": 1000, "messages": [{"role": "user", "content": "x" * 200}]}


@dataclass
class Seen:
    """Of each round: requests a second at 1 and 32 connections, CPU µs a request at 32, first token in ms at 1."""

    alone: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass
class Paced:
    """Of each round: CPU µs a word, lag of a word in ms."""

    cpu: list[float] = field(default_factory=list)
    lag_p50: list[float] = field(default_factory=list)
    lag_p99: list[float] = field(default_factory=list)
    errors: int = 0


def load(contender: Contender, connections: int, **body: object) -> dict[str, float]:
    job = {
        "host": "127.0.0.1", "port": contender.port, "path": "/v1/messages", "tokens": contender.tokens,
        "body": json.dumps(BODY | body), "connections": connections, "seconds": SECONDS, "paced": "messages" in body,
    }  # fmt: skip
    command = ["taskset", "-c", "1", sys.executable, "-m", "bench.proxying.load"]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(contender: Contender, seen: Seen) -> None:
    with contender.awake():
        load_alone = load(contender, 1)
        before = contender.cpu()
        load_many = load(contender, 32)
        cpu = contender.cpu() - before
        streams = load(contender, 1, stream=True)
    seen.alone.append(load_alone["rps"])
    seen.many.append(load_many["rps"])
    seen.cpu.append(cpu / load_many["requests"] * 1e6)
    seen.first.append(streams["first_p50"] * 1000)
    seen.errors += int(load_alone["errors"] + load_many["errors"] + streams["errors"])


def paced(contender: Contender, streams: int, seen: Paced) -> None:
    words = [{"role": "user", "content": f"paced {WORDS}"}]
    with contender.awake():
        before = contender.cpu()
        found = load(contender, streams, stream=True, messages=words)
        cpu = contender.cpu() - before
    seen.cpu.append(cpu / found["deltas"] * 1e6)
    seen.lag_p50.append(found["lag_p50"] * 1000)
    seen.lag_p99.append(found["lag_p99"] * 1000)
    seen.errors += int(found["errors"])


def started(folder: Path, upstream: int) -> list[Contender]:
    found: list[Contender] = [Contender("direct", upstream, None)]
    for contender in (
        contenders.nginx(folder, upstream),
        contenders.ours(folder, upstream, "metered"),
        contenders.ours(folder, upstream, "bare"),
        contenders.litellm(folder, upstream),
    ):
        if isinstance(contender, str):
            print(contender)
        else:
            found.append(contender)
    return found


def report(results: dict[str, Seen]) -> None:
    direct = median(results["direct"].first)
    nginx = next((median(seen.many) for name, seen in results.items() if name.startswith("nginx")), None)
    lite = next((median(seen.many) for name, seen in results.items() if name.startswith("LiteLLM")), None)
    lite_cpu = next((median(seen.cpu) for name, seen in results.items() if name.startswith("LiteLLM")), None)
    rows = []
    for name, seen in results.items():
        many = median(seen.many)
        rows.append([
            name, f"{median(seen.alone):,.0f}", f"{many:,.0f}",
            "-" if name == "direct" else f"{median(seen.cpu):,.0f}",
            f"{median(seen.first) - direct:.2f}",
            f"{many / nginx:.2f}" if nginx else "-", f"{many / lite:,.0f}" if lite else "-",
            f"{lite_cpu / median(seen.cpu):,.0f}" if lite_cpu and name != "direct" else "-", str(seen.errors),
        ])  # fmt: skip
    head = [
        "",
        "req/s, c=1",
        "req/s, c=32",
        "CPU µs/req",
        "first token +ms",
        "× nginx",
        "× LiteLLM",
        "by CPU",
        "errors",
    ]
    table("Gateway, medians of interleaved rounds", head, rows)
    print("  goals: metered ≤ 500 µs, ≤ 2 ms, ≥ 40 × LiteLLM; bare ≥ 0.25 × nginx")


def report_paced(results: dict[tuple[str, int], Paced]) -> None:
    rows = []
    for (name, streams), seen in results.items():
        nginx = results.get(("nginx, 1 worker", streams))
        cpu = median(seen.cpu)
        rows.append([
            name, str(streams), "-" if name == "direct" else f"{cpu:.0f}",
            f"{cpu / median(nginx.cpu):.2f}" if nginx and name != "direct" else "-",
            f"{median(seen.lag_p50):.1f} / {median(seen.lag_p99):.1f}", str(seen.errors),
        ])  # fmt: skip
    head = ["", "streams", "CPU µs/word", "nginx's ×", "lag p50 / p99 ms", "errors"]
    table("Streams of 20 words a second each, beginning and end included", head, rows)


def main(rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory() as name:
        port, upstream = contenders.upstream(core=1)
        running: list[Contender] = []
        try:
            running = started(Path(name), port)
            results = {contender.name: Seen() for contender in running}
            streamed: dict[tuple[str, int], Paced] = {}
            for _ in range(rounds):
                for contender in running:
                    measured(contender, results[contender.name])
                for streams in STREAMS:
                    for contender in running:
                        if not contender.name.startswith("LiteLLM"):  # it takes more than a core for the fewest
                            paced(contender, streams, streamed.setdefault((contender.name, streams), Paced()))
        finally:
            for contender in running:
                contender.end()
            upstream.terminate()
            upstream.wait()
    report(results)
    report_paced(streamed)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
