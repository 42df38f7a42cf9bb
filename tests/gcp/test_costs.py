"""What Firestore is asked for, by API call and by run, and what that costs a month."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from infra import costs
from tests.gcp.cloud import Cloud
from tests.scripted import bash, script

pytestmark = [pytest.mark.emulator, pytest.mark.sandbox, pytest.mark.gcp]

MODEL_CALLS = 2
EXECUTION_WRITES = 4
"""Made, launched, claimed, ended."""


def asked(cloud: Cloud, service: str, call: Callable[[], object]) -> Counter[str]:
    with cloud.counted() as found:
        call()
    return found[service]


def said(name: str, counts: Counter[str]) -> None:
    print(f"{name:<34}" + "  ".join(f"{counts[kind]:>4} {kind}" for kind in ("queries", "reads", "writes", "deletes")))


def test_reading_and_making_agents_asks_for_little(cloud: Cloud) -> None:
    made = [cloud.agent(name=f"에이전트 {number}") for number in range(20)]
    agent = made[0]["id"]
    change = {"name": "neu", "finalPrompt": "x"}
    calls: dict[str, Callable[[], object]] = {
        "list of 20 agents": lambda: cloud.ask("agents", "GET", "/api/agents?limit=20"),
        "one agent": lambda: cloud.ask("agents", "GET", f"/api/agents/{agent}"),
        "make an agent": lambda: cloud.agent(name="noch einer"),
        "change an agent": lambda: cloud.ask("agents", "PUT", f"/api/agents/{agent}", change),
        "change it again": lambda: cloud.ask("agents", "PUT", f"/api/agents/{agent}", change),
        "list of 20 runs": lambda: cloud.ask("executions", "GET", "/api/executions?limit=20"),
    }
    found = {}
    print()
    for name, call in calls.items():
        service = "executions" if "runs" in name else "agents"
        # now and then a process also looks up who is blocked; not twice in a row
        times = 1 if "make" in name or "change" in name else 2
        found[name] = min((asked(cloud, service, call) for _ in range(times)), key=lambda counts: counts["queries"])
        said(name, found[name])
    assert found["list of 20 agents"]["queries"] == 1
    assert found["list of 20 agents"]["reads"] <= 20 + 4
    assert found["list of 20 agents"]["writes"] == 0
    assert found["list of 20 runs"]["queries"] <= 2
    # two documents: the agent, and the shelf that says how often the user added or named one
    assert found["make an agent"]["writes"] + found["make an agent"]["deletes"] == 2
    # the agent and the new version, and at first the version that the agent was till then
    assert (found["change an agent"]["writes"], found["change it again"]["writes"]) == (3, 2)


def test_a_run_asks_for_what_the_costs_are_computed_from(cloud: Cloud) -> None:
    agent = cloud.agent(finalPrompt=script(bash("echo 1 > memo.txt"), {"text": "fertig"}))
    written = {name: counter.written.copy() for name, counter in cloud.counters.items()}
    with cloud.counted() as found:
        id = cloud.request(agent)["id"]
        run = cloud.until(id, "succeeded")
    seconds = (datetime.fromisoformat(run["endTime"]) - datetime.fromisoformat(run["startTime"])).total_seconds()
    after = Counter[str]()
    for name, counter in cloud.counters.items():
        after += counter.written - written[name]
    platform = sum((found[name] for name in ("agents", "launch", "runner", "gateway", "changes")), Counter())
    verified = sum(count for name, count in after.items() if name.endswith("(verified)"))
    batches, calls = after["batches"], after["ledgers"] - 1  # the last write of a ledger closes it
    print()
    said("a run", platform)
    print(f"of these only verified: {verified}; log: {batches}; model calls: {calls}")
    print(json.dumps(dict(after.most_common()), ensure_ascii=False))
    # a machine that is slow has its lease written more than it would be, and its requests counted in another minute
    renewals = after["executions"] - EXECUTION_WRITES
    own = platform["writes"] + platform["deletes"] - batches - calls - renewals - after["counts"]
    for use in (costs.SMALL, costs.LARGE):
        what, how, dollars = costs.firestore(use, costs.tables()[0]["firestore"])
        print(f"{use.users:>6} users: {what} {how}: ${dollars:,.2f} a month")
    assert calls == 2 * MODEL_CALLS
    assert verified == 0
    assert own <= costs.RUN_WRITES
    assert renewals <= seconds / costs.RENEWAL_SECONDS
    assert platform["reads"] <= costs.RUN_READS + 2 * MODEL_CALLS + seconds  # a report every two seconds at most
