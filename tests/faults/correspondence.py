"""What mails and webhooks must keep to at the end of a history: I3 of docs/faults.md, from the ledgers outside."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from ohmyagent import records
from ohmyagent.domain.signatures import verified
from ohmyagent.ports import Document, Posted
from tests.faults.outside import LetterAttempt, Receipt
from tests.faults.platform import Platform

AT_MOST = 8
"""Attempts for one delivery: a day."""
POSSIBLE = {
    Posted.ACCEPTED: ("sent", "unknown"),
    Posted.REFUSED: ("failed", "unknown"),
    Posted.LATER: ("queued", "failed", "unknown"),
    Posted.UNKNOWN: ("unknown",),
    None: ("unknown",),
}
"""The states a mail may have after the last answer; `unknown` always, for the mark may have died with the platform."""


def check(platform: Platform) -> list[str]:
    return [*_mails(platform), *_deliveries(platform), *_hooks(platform)]


def waiting(platform: Platform) -> list[str]:
    """What should have gone out, or come to an end, by now."""
    now, causes = platform.time.now, platform.causes
    mails = [m["id"] for m in causes.mails.values() if m["state"] == "sending" or _overdue(m, now)]
    return mails + [
        d["id"] for d in causes.deliveries.values() if d["status"] == "pending" and d["nextAttemptAt"] <= now
    ]


def _overdue(mail: Document, now: datetime) -> bool:
    return bool(mail["state"] == "queued" and mail["dueAt"] <= now)


def _mails(platform: Platform) -> Iterator[str]:
    kept, now = platform.causes.mails, platform.time.now
    letters = dict(platform.post.letters)
    for id, mail in kept.items():
        if platform.real.find(f"outbox/{id}") != mail:
            yield f"I3: mail {id} is lost"
        if mail["state"] == "sending" or _overdue(mail, now):
            yield f"I3: mail {id} is {mail['state']} for ever"
        attempts = letters.pop(mail["messageId"], [])
        yield from _sent(id, mail["state"], attempts)
    yield from (f"I3: letter {id} has no mail" for id in letters)


def _sent(id: str, state: str, attempts: list[LetterAttempt]) -> Iterator[str]:
    taken = sum(attempt.taken for attempt in attempts)
    if taken > 1:
        yield f"I3: mail {id} was sent {taken} times"
    if any(attempt.answer is not Posted.LATER for attempt in attempts[:-1]):
        yield f"I3: mail {id} was tried again although it may have arrived: {[a.answer for a in attempts]}"
    if attempts and state not in POSSIBLE[attempts[-1].answer]:
        yield f"I3: mail {id} is {state} after {attempts[-1].answer}"
    if not attempts and state in ("sent", "failed"):
        yield f"I3: mail {id} is {state}, and no server saw it"


def _deliveries(platform: Platform) -> Iterator[str]:
    arrived: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in platform.receiver.receipts:
        arrived[receipt.headers["webhook-id"]].append(receipt)
    for id, delivery in platform.causes.deliveries.items():
        receipts = arrived.pop(id, [])
        yield from (f"I3: delivery {id} {wrong}" for wrong in _delivered(platform, delivery, receipts))
    yield from (f"I3: {id} was posted and is no delivery" for id in arrived)


def _delivered(platform: Platform, delivery: Document, receipts: list[Receipt]) -> Iterator[str]:
    attempts, answered = delivery["attempts"], [r.status for r in receipts if r.status is not None]
    if delivery["status"] == "pending" and delivery["nextAttemptAt"] <= platform.time.now:
        yield "is pending for ever"
    if delivery["status"] == "delivered" and 200 not in answered:
        yield "counts as delivered, and its receiver never took it"
    gone = delivery["agentId"] in platform.causes.deleted_agents or 410 in answered
    if delivery["status"] == "failed" and len(attempts) < AT_MOST and not gone:
        yield f"was given up after {len(attempts)} attempts"
    for receipt in receipts:
        yield from _told(platform, delivery, receipt)


def _told(platform: Platform, delivery: Document, receipt: Receipt) -> Iterator[str]:
    data = json.loads(receipt.body)["data"]
    run = platform.real.get(f"executions/{delivery['executionId']}")
    if (data["id"], data["status"]) != (run["id"], run["status"]):
        yield f"told of {data['id']} {data['status']}"
    kept = records.webhook_secrets.get(platform.real, delivery["agentId"])
    keys = [platform.vault.unseal(kept.keys.sealed, kept.context)]
    stamp, given = receipt.headers["webhook-timestamp"], receipt.headers["webhook-signature"]
    at = datetime.fromtimestamp(int(stamp), UTC)
    if not verified(keys, receipt.headers["webhook-id"], stamp, given, receipt.body, at):
        yield "came with a signature that is not right"


def _hooks(platform: Platform) -> Iterator[str]:
    """A message is one run, however often it came and whatever befell the answers."""
    for message, answers in platform.ledgers.messages.items():
        if len(answers) > 1:
            yield f"I3: message {message} started {len(answers)} runs"
    for item in platform.ledgers.messages.values():
        yield from (f"I3: message's run {id} is lost" for id in item if platform.real.find(f"executions/{id}") is None)
    known = {id for answers in platform.ledgers.messages.values() for id in answers}
    unanswered = sum(not answers for answers in platform.ledgers.messages.values())
    runs = {id for id, run in platform.causes.executions().items() if run["trigger"] == "webhook"}
    if len(runs - known) > unanswered:
        yield f"I3: {len(runs - known)} runs by webhooks for {unanswered} messages without an answer"
