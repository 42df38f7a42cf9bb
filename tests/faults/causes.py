"""What has to be written together with what causes it: mails and deliveries, judged commit by commit (I3).

It counts failures itself, from the ends and edits that it sees, and knows nothing of how the program does.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from ohmyagent.domain.executions import ENDED
from ohmyagent.ports import Document
from tests.faults.witness import Writes

STANDSTILLS = ("failures", "budget")
TOLD_SKIPS = ("overlap", *STANDSTILLS)
"""A run that came to start and might not: its end is told.  One that a change of the agent took away is not."""
TOLD_BY_TICK = ("model_gone", "day_limit")
"""What the tick itself decides, also ahead of the instant."""
EARLY = timedelta(seconds=1)
Cause = tuple[str, str, str | None]
"""Kind of mail, agent, and the run for those that tell of one."""


class Causes:
    """Told of each commit; `violations` is what was missing in one, or was there without a cause."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._executions: dict[str, Document] = {}
        self._agents: dict[str, Document] = {}
        self._failures: Counter[str] = Counter()
        self.mails: dict[str, Document] = {}
        self.deliveries: dict[str, Document] = {}
        self.deleted_agents: set[str] = set()
        self.violations: list[str] = []

    def seen(self, writes: Writes) -> None:
        after = {name: dict(_in(writes, name)) for name in ("agents", "executions", "outbox", "deliveries")}
        ended = [run for id, run in after["executions"].items() if run and self._ends(id, run)]
        agents = self._agents | {id: agent for id, agent in after["agents"].items() if agent}
        for id, agent in after["agents"].items():
            if agent and agent["version"] != self._agents.get(id, agent)["version"]:
                self._failures[id] = 0
        expected = Counter([cause for run in ended for cause in self._of_end(run, agents[run["agentId"]])])
        expected.update(self._of_pauses(after["agents"], ended))
        self._compare("mails", expected, Counter(self._written(after["outbox"])))
        owed = Counter(run["id"] for run in ended if self._is_told(run, agents[run["agentId"]]))
        new = [d["executionId"] for id, d in after["deliveries"].items() if d and id not in self.deliveries]
        self._compare("deliveries", owed, Counter(new))
        self._keep(after)

    def executions(self) -> dict[str, Document]:
        return dict(self._executions)

    def _ends(self, id: str, run: Document) -> bool:
        return run["status"] in ENDED and self._executions.get(id, {}).get("status") not in ENDED

    def _of_end(self, run: Document, agent: Document) -> Iterator[Cause]:
        """Counts the run, and yields the mail that its end has, unless the agent's owner wants none."""
        id, cause = agent["id"], _outcome(run) if run["retriedBy"] is None else None
        before = self._failures[id]
        if cause == "failed":
            self._failures[id] += 1
        elif cause == "result":
            self._failures[id] = 0
        if _silent(agent):
            return
        if cause == "missed":
            yield "missed", id, run["id"]
        if cause == "failed" and not before:
            yield "failed", id, run["id"]
        elif cause == "failed" and not self._stops(agent):
            yield "digest", id, run["id"]
        elif cause == "result" and before:
            yield "recovered", id, run["id"]
        elif cause == "result" and agent["notify"]["email"] == "always":
            yield "result", id, run["id"]

    def _stops(self, agent: Document) -> bool:
        return agent["pausedReason"] is not None and self._agents[agent["id"]]["pausedReason"] is None

    def _of_pauses(self, agents: Writes, ended: list[Document]) -> Iterator[Cause]:
        ran = {run["agentId"] for run in ended if run["startTime"] is not None}
        for id, agent in agents.items():
            before = self._agents.get(id)
            if agent is None or before is None or _silent(agent):
                continue
            if self._stops(agent):
                yield "paused", id, None
            resumed = before["pausedReason"] is not None and agent["pausedReason"] is None
            if resumed and agent["version"] == before["version"] and id not in ran:
                yield "resumed", id, None

    def _written(self, outbox: Writes) -> Iterator[Cause]:
        for id, mail in outbox.items():
            before = self.mails.get(id)
            if mail is None:
                if before is None or before["kind"] != "digest" or before["attempts"]:
                    self.violations.append(f"I3: mail {id} was taken back")
            elif mail["attempts"] == 0 and mail["state"] in ("queued", "no_address"):
                if before is not None and (before["attempts"] or before["endedAt"]):
                    self.violations.append(f"I3: {mail['kind']} mail {id} was written anew after it went out")
                run = None if mail["kind"] in ("paused", "resumed") else mail["executionId"]
                yield mail["kind"], mail["agentId"], run
                if mail["kind"] == "digest" and mail["count"] != 1 + (before["count"] if before else 0):
                    self.violations.append(f"I3: digest {id} tells of {mail['count']} failures")

    def _is_told(self, run: Document, agent: Document) -> bool:
        if agent["notify"]["webhookUrl"] is None or agent["deletedAt"] is not None:
            return False
        if run["status"] != "skipped":
            return True
        came = run["span"] is None and (run["dueTime"] is None or run["dueTime"] <= self._now() + EARLY)
        return run["errorCode"] in TOLD_BY_TICK or (came and run["errorCode"] in TOLD_SKIPS)

    def _compare(self, what: str, expected: Counter[Any], written: Counter[Any]) -> None:
        for cause in expected - written:
            self.violations.append(f"I3: {what}: {cause} is missing in the commit of its cause")
        for cause in written - expected:
            self.violations.append(f"I3: {what}: {cause} was written without its cause")

    def _keep(self, after: dict[str, Writes]) -> None:
        self._agents |= {id: agent for id, agent in after["agents"].items() if agent}
        self._executions |= {id: run for id, run in after["executions"].items() if run}
        self.deliveries |= {id: delivery for id, delivery in after["deliveries"].items() if delivery}
        self.deleted_agents |= {id for id, agent in after["agents"].items() if agent and agent["deletedAt"]}
        for id, mail in after["outbox"].items():
            if mail is not None:
                self.mails[id] = mail
            else:
                self.mails.pop(id, None)


def _in(writes: Writes, collection: str) -> Iterator[tuple[str, Document | None]]:
    for path, data in writes.items():
        name, _, id = path.partition("/")
        if name == collection and "/" not in id:
            yield id, data


def _silent(agent: Document) -> bool:
    return agent["notify"]["email"] == "never" or agent["deletedAt"] is not None


def _outcome(run: Document) -> str | None:
    """What an end means to its owner: `result`, `failed`, `missed` or nothing to write of."""
    if run["status"] in ("failed", "timed_out") or (run["status"], run["resultKind"]) == ("succeeded", "blocked"):
        return "failed"
    return {"succeeded": "result", "missed": "missed"}.get(run["status"])
