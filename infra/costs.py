"""What the platform costs a month without tokens, from infra/prices.yaml.

`python infra/costs.py` prints the tables of docs/deploy.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
DAYS = 30.4
MINUTES = DAYS * 24 * 60
RUN_WRITES = 11
RUN_READS = 32
"""Of a run that keeps a file, without model calls, log and lease, measured by tests/gcp/test_costs.py."""
RENEWAL_SECONDS = 15
"""How often the lease of a run that goes on is written (half of wiring.FAR.lease)."""
IMAGES = 2.5
"""GiB: five versions of three images, layers shared; a guess until the registry shows it."""


@dataclass(frozen=True)
class Use:
    """What people do in a month; each figure is an assumption, to be replaced by one's own."""

    users: int
    runs_each: int = 30
    run_seconds: int = 120
    calls_a_run: int = 8
    model_seconds_a_run: int = 60
    requests_each: int = 1_000
    stream_seconds_each: int = 1_800
    gib_documents_each: float = 0.005
    gib_files_each: float = 0.1
    deployments: int = 10
    calls_at_once: float = 2.0
    """So many runs' model calls share an instance of the gateway on average; more users, more of them."""
    streams_at_once: float = 1.5

    @property
    def runs(self) -> int:
        return self.users * self.runs_each


SMALL = Use(users=100)
LARGE = Use(users=10_000, deployments=20, calls_at_once=6.0, streams_at_once=10.0)
Line = tuple[str, str, float]


def lines(use: Use, tier: float, prices: dict[str, Any], job: dict[str, Any]) -> Iterator[Line]:
    """(what, how it comes about, dollars)"""
    yield jobs(use, tier, prices["jobs"], job)
    yield services(use, tier, prices["services"])
    yield firestore(use, prices["firestore"])
    yield kept(use, prices["firestore"])
    files = use.users * use.gib_files_each
    yield "Files", f"{files:,.0f} GiB", files * prices["storage"]["gib"]
    tasks = use.runs * 4
    yield "Tasks", f"{tasks:,} operations", over(tasks, prices["tasks"]["free"]) * prices["tasks"]["million"] / 1e6
    yield "Scheduler", "1 job, 3 are free", over(1, prices["scheduler"]["free"]) * prices["scheduler"]["job"]
    yield (
        "Registry",
        f"{IMAGES} GiB of images",
        over(IMAGES, prices["registry"]["free_gib"]) * prices["registry"]["gib"],
    )
    yield vault(use, prices)
    yield "DNS", "2 private zones", 2 * prices["dns"]["zone"]
    yield "Alerts", "6 conditions", 6 * prices["alerts"]["condition"]
    logs = use.runs * 100 * 500 / 2**30
    yield "Logs", f"{logs:,.1f} GiB", over(logs, prices["logging"]["free_gib"]) * prices["logging"]["gib"]
    out = use.runs * use.calls_a_run * 50_000 / 2**30
    yield "Traffic out", f"{out:,.1f} GiB of prompts", over(out, prices["egress"]["free_gib"]) * prices["egress"]["gib"]
    minutes = use.deployments * 60
    yield "Builds", f"{minutes} minutes", over(minutes, prices["build"]["free_minutes"]) * prices["build"]["minute"]


def over(amount: float, free: float) -> float:
    return max(0.0, amount - free)


def jobs(use: Use, tier: float, price: dict[str, float], job: dict[str, Any]) -> Line:
    """The runners, by the size that deployables.yaml gives them."""
    seconds = use.runs * max(60, use.run_seconds)
    cpu, gib = seconds * float(job["cpu"]), seconds * float(str(job["memory"]).removesuffix("Gi"))
    cost = over(cpu, price["free_cpu_seconds"]) * price["cpu_second"]
    cost += over(gib, price["free_gib_seconds"]) * price["gib_second"]
    return "Runs", f"{use.runs:,} × {use.run_seconds} s = {cpu:,.0f} vCPU-s, {gib:,.0f} GiB-s", cost * tier


def services(use: Use, tier: float, price: dict[str, float]) -> Line:
    """Gateway and streams hold an instance while they last, shared by those at once; the rest is short."""
    held = use.runs * use.model_seconds_a_run / use.calls_at_once
    held += use.users * use.stream_seconds_each / use.streams_at_once
    short = use.users * use.requests_each * 0.1 + use.runs * (4 + 1) + MINUTES * 0.2
    requests = use.users * use.requests_each + use.runs * (84 + use.calls_a_run + 4) + MINUTES
    cpu = held + short
    cost = over(cpu, price["free_cpu_seconds"]) * price["cpu_second"]
    cost += over(cpu / 2, price["free_gib_seconds"]) * price["gib_second"]
    cost += over(requests, price["free_requests"]) * price["million_requests"] / 1e6
    return "Functions and services", f"{cpu:,.0f} vCPU-s, {requests:,.0f} requests", cost * tier


def firestore(use: Use, price: dict[str, float]) -> Line:
    """A run's own, its lease, 2 writes and reads for each model call; its log at most every 2 s, 30 times here."""
    renewals = use.run_seconds // RENEWAL_SECONDS
    writes = use.runs * (RUN_WRITES + renewals + 2 * use.calls_a_run + 30) + use.users * 100
    reads = (
        use.runs * (RUN_READS + 2 * renewals + 2 * use.calls_a_run + 30)
        + use.users * use.requests_each * 5
        + MINUTES * 6
    )
    cost = over(reads, price["free_reads_a_day"] * DAYS) * price["reads_100k"] / 1e5
    cost += over(writes, price["free_writes_a_day"] * DAYS) * price["writes_100k"] / 1e5
    return "Firestore", f"{reads:,.0f} reads, {writes:,.0f} writes", cost


def kept(use: Use, price: dict[str, float]) -> Line:
    gib = use.users * use.gib_documents_each
    cost = over(gib, price["free_gib"]) * price["gib"] + gib * price["recovery_gib"] + 7 * gib * price["backup_gib"]
    return "Documents kept", f"{gib:,.1f} GiB, the same for recovery, 7 backups", cost


def vault(use: Use, prices: dict[str, Any]) -> Line:
    """The key turns every 90 days: four versions in the first year; each secret of a run is one operation."""
    cost = 4 * prices["kms"]["version"] + use.runs / 1e4 * prices["kms"]["ten_thousand"]
    cost += over(4, prices["secrets"]["free"]) * prices["secrets"]["version"]
    return "Keys and secrets", "4 versions of the key, 4 secrets", cost


def total(use: Use, tier: float) -> float:
    return sum(cost for _, _, cost in lines(use, tier, *tables()))


def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """The prices, and the job of deployables.yaml."""
    prices = yaml.safe_load((HERE / "prices.yaml").read_text(encoding="utf-8"))
    deployables = yaml.safe_load((HERE / "terraform" / "deployables.yaml").read_text(encoding="utf-8"))
    return prices, deployables["job"]


def page() -> str:
    """Both tables in Markdown."""
    prices, job = tables()
    text = [f"Prices of {prices['date']}, in US dollars a month.", ""]
    for use in (SMALL, LARGE):
        columns = [list(lines(use, tier, prices, job)) for tier in prices["tiers"].values()]
        text += [
            f"| {use.users:,} users | how it comes about | {' | '.join(prices['tiers'])} |",
            "| --- | --- | ---: | ---: |",
        ]
        text += [
            f"| {what} | {how} | {' | '.join(f'{column[row][2]:,.2f}' for column in columns)} |"
            for row, (what, how, _) in enumerate(columns[0])
        ]
        sums = " | ".join(f"**{sum(cost for _, _, cost in column):,.2f}**" for column in columns)
        text += [f"| **all** | | {sums} |", ""]
    longer = replace(SMALL, stream_seconds_each=5 * 3600)
    added = " or ".join(f"${total(longer, tier) - total(SMALL, tier):,.2f}" for tier in prices["tiers"].values())
    text += [
        "An open page holds a stream. If each of the 100 users has it open for 5 hours a month, not for half an hour,"
    ]
    text += [f"add {added}.", ""]
    return "\n".join(text)


if __name__ == "__main__":
    sys.stdout.write(page())
