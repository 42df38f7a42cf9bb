"""A mail server and somebody's webhook, outside the system: they answer as they like and keep what really came."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ohmyagent.ports import Letter, Posted, Undelivered

ANSWERS = (Posted.ACCEPTED,) * 5 + (Posted.REFUSED, Posted.LATER, Posted.LATER, Posted.UNKNOWN, Posted.UNKNOWN)


@dataclass
class LetterAttempt:
    """One letter on its way.  `answer` is None when nobody lived to hear it; `taken` is what the server did."""

    answer: Posted | None = None
    taken: bool = False


class MailServer:
    """The Mail behind the platform.  Of a letter without an answer it may have kept one, or not."""

    domain = "example.com"

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.faulty = rng, True
        self.letters: dict[str, list[LetterAttempt]] = defaultdict(list)

    def begin(self, letter: Letter) -> LetterAttempt:
        """From here on the platform cannot know."""
        attempt = LetterAttempt()
        self.letters[letter.message_id].append(attempt)
        return attempt

    def take(self, attempt: LetterAttempt) -> Posted:
        answer = self.rng.choice(ANSWERS) if self.faulty else Posted.ACCEPTED
        attempt.taken = answer is Posted.ACCEPTED or (answer is Posted.UNKNOWN and self.rng.random() < 0.5)
        return answer


@dataclass
class Receipt:
    """A request as it arrived at the receiver, and what it was answered, if it was."""

    headers: dict[str, str]
    body: bytes
    status: int | None = None


@dataclass
class Receiver:
    """The other end of the Courier: somebody else's server."""

    rng: random.Random
    faulty: bool = True
    receipts: list[Receipt] = field(default_factory=list)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        kind = self.rng.random() if self.faulty else 1.0
        if kind < 0.1:
            raise Undelivered("no_connection")
        receipt = Receipt(dict(headers), body)
        self.receipts.append(receipt)
        if kind < 0.2:
            raise Undelivered("timeout")
        receipt.status = 410 if kind < 0.22 else self.rng.choice((500, 302, 429)) if kind < 0.4 else 200
        return receipt.status
