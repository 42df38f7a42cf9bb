"""The edge: who may ask how often, whatever answers.  Knows no web framework; `guards.py` puts it in front of them.

Paces are kept in the memory of one process; blocks are in the store, and every process looks there every few seconds.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from ohmyagent.domain.accounts import API_KEY_PREFIX
from ohmyagent.domain.blocks import Offence
from ohmyagent.domain.errors import Problem, RateLimited, TooLarge
from ohmyagent.domain.text import digest
from ohmyagent.http.addresses import Approach
from ohmyagent.ports import Store
from ohmyagent.settings import Settings
from ohmyagent.use_cases import guarding

log = structlog.get_logger()

MOST_KNOWN = 50_000
"""Addresses and sessions whose pace is remembered; the one that asked longest ago is forgotten first."""
LOOK_SECONDS = 5.0
"""How soon a block made by another process holds here."""
OFFENCE_SECONDS = 600.0
MOST_OFFENCES = {Offence.PACE: 200, Offence.SIGN_IN: 20, Offence.PROBING: 100}
"""So many within ten minutes, then an address is blocked."""
LONGEST_ADDRESS = 8_000
MOST_HEADERS = 100
LONGEST_HEADERS = 32_000


class Kind(StrEnum):
    """Classes of routes, each with a pace of its own."""

    FREE = "free"
    PROBE = "probe"
    PAGE = "page"
    SIGN_IN = "sign_in"
    COSTLY = "costly"
    API = "api"


KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\S+ /(?:runner|internal|gateway|demo-model)/"), Kind.FREE),
    (re.compile(r"\S+ /health\Z"), Kind.PROBE),
    (re.compile(r"POST /api/auth/(?:guest|google|nonce|link)\Z"), Kind.SIGN_IN),
    (re.compile(r"POST /api/(?:agents/[^/]+/executions|executions/[^/]+/retry|conversation|uploads)\Z"), Kind.COSTLY),
    (re.compile(r"POST /api/(?:conversations|hooks)/"), Kind.COSTLY),
    (re.compile(r"\S+ /(?:api|ws)/"), Kind.API),
)


@dataclass(frozen=True)
class Pace:
    """So many a second in the long run, so many at once."""

    rate: float
    burst: float


PACES = {
    Kind.PROBE: Pace(5, 50),
    Kind.PAGE: Pace(50, 200),
    Kind.SIGN_IN: Pace(1, 10),
    Kind.COSTLY: Pace(5, 20),
}
"""API has the pace of the settings, 10 a second and 20 at once."""
LOCAL = Pace(500, 2_000)
"""For the people of a machine at their own platform: their pages, commands and tests ask as fast as they can."""


@dataclass(frozen=True)
class Asked:
    """What is known of a request before anybody looks into it.  `credential` is a cookie or a bearer, if it has one."""

    method: str
    path: str
    query_length: int
    peer: str | None
    forwarded: Sequence[str]
    credential: str | None
    headers: int
    header_bytes: int


class Platform(Protocol):
    """The parts of the program that the edge needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def approach(self) -> Approach: ...
    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Buckets:
    """A bucket of passes for each key; safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_KNOWN) -> None:
        self._clock, self._most = clock, most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, pace: Pace) -> float:
        """0 when one more may pass now, else the seconds until the next may."""
        now = self._clock()
        with self._lock:
            passes, at = self._known.pop(key, (pace.burst, now))
            passes = min(pace.burst, passes + (now - at) * pace.rate)
            granted = passes >= 1
            self._known[key] = (passes - granted, now)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return 0.0 if granted else (1 - passes) / pace.rate


class Edge:
    """Safe to use from many threads.  `clock` counts seconds; only tests bring their own."""

    def __init__(self, platform: Platform, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform, self._clock = platform, clock
        self._settings, self._approach = platform.settings, platform.approach
        self._paces = Buckets(clock)
        self._offences: OrderedDict[tuple[str, Offence], list[float]] = OrderedDict()
        self._lock = threading.Lock()
        self._blocked: dict[str, datetime] = {}
        self._looked_at = float("-inf")

    def address(self, asked: Asked) -> str:
        return self._approach.client(asked.peer, asked.forwarded)

    def is_stale(self, asked: Asked) -> bool:
        """Whether it is time to look for blocks made elsewhere; answers True once, to one caller.

        Not for what is free of paces, and a probe of health must not bring the store's client to life.
        """
        if kind_of(asked.method, asked.path) in (Kind.FREE, Kind.PROBE):
            return False
        with self._lock:
            stale = self._clock() - self._looked_at >= LOOK_SECONDS
            if stale:
                self._looked_at = self._clock()
        return stale

    def look(self) -> None:
        """Learn of the blocks made by other processes.  A store that cannot be reached leaves those known."""
        try:
            found = guarding.blocked_addresses(self._platform.store, self._platform.now())
        except Problem:
            return
        self._blocked = {block.address: block.until for block in found}

    def admit(self, asked: Asked) -> None:
        """Raises RateLimited with the seconds to wait, and TooLarge."""
        if len(asked.path) + asked.query_length > LONGEST_ADDRESS:
            raise TooLarge("The address is too long.", korean="주소가 너무 깁니다.")
        if asked.headers > MOST_HEADERS or asked.header_bytes > LONGEST_HEADERS:
            raise TooLarge("The headers are too large.", korean="헤더가 너무 큽니다.")
        kind = kind_of(asked.method, asked.path)
        if kind is Kind.FREE:
            return
        address = self.address(asked)
        until, now = self._blocked.get(address), self._platform.now()
        if until is not None and now < until:
            raise RateLimited((until - now).total_seconds())
        wait = self._wait(kind, address, asked.credential)
        if wait > 0:
            raise RateLimited(wait)

    def answered(self, asked: Asked, status: int) -> Offence | None:
        """Take note of how it was answered; an offence when that was one too many, for `block`."""
        offence = _offence(asked, status)
        if offence is None or self._approach.at_home(self.address(asked)):
            return None
        key, now = (self.address(asked), offence), self._clock()
        with self._lock:
            recent = [at for at in self._offences.pop(key, []) if at > now - OFFENCE_SECONDS]
            recent.append(now)
            over = len(recent) >= MOST_OFFENCES[offence]
            if not over:
                self._offences[key] = recent
                if len(self._offences) > MOST_KNOWN:
                    self._offences.popitem(last=False)
        return offence if over else None

    def block(self, asked: Asked, offence: Offence) -> None:
        """Refuse the address from now on, here and in every other process soon."""
        address = self.address(asked)
        try:
            made = guarding.block(self._platform.store, address, offence, self._platform.now())
        except Problem as error:
            log.error("address not blocked", security=True, error=type(error).__name__)
            return
        self._blocked = self._blocked | {address: made.until}

    def _wait(self, kind: Kind, address: str, credential: str | None) -> float:
        pace = LOCAL if self._approach.at_home(address) else PACES.get(kind, Pace(*self._settings.pace))
        waits = [self._paces.take(f"{kind} {address}", pace)]
        if credential is not None and waits[0] == 0:
            waits.append(self._paces.take(f"{kind} {digest(credential)}", pace))
        return max(waits)


def kind_of(method: str, path: str) -> Kind:
    line = f"{method} {path}"
    return next((kind for pattern, kind in KINDS if pattern.match(line)), Kind.PAGE)


def _offence(asked: Asked, status: int) -> Offence | None:
    if status == 429:
        return Offence.PACE
    if status == 401 and (kind_of(asked.method, asked.path) is Kind.SIGN_IN or _comes_with_key(asked)):
        return Offence.SIGN_IN
    return Offence.PROBING if status == 404 else None


def _comes_with_key(asked: Asked) -> bool:
    """A page may be left open with a session that has ended; keys do not end, so a wrong one is a try."""
    return asked.credential is not None and API_KEY_PREFIX in asked.credential[:16]
