"""How long and how large: what the gateway allows a call."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and counts.

    `idle` is cut by us because the CLI itself would wait 300 s for a silent stream; `ping` keeps its timers quiet.
    `drain` is how long a stream is read on after its client has gone: most answers end within it and are then
    billed exactly, and one that goes on is stopped rather than paid for unread.
    `tick` is how exactly all these are kept.
    A body of more than `large_bytes` is read only for a token that was checked, and all such bodies under way have no
    more than `room_bytes`, those of one run no more than one of the largest: what a call holds, it holds to its end.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    idle: float = 60.0
    ping: float = 15.0
    drain: float = 5.0
    total: float = 1800.0
    tick: float = 0.1
    upload: float = 60.0
    request_bytes: int = 32 * MEGABYTE
    large_bytes: int = MEGABYTE // 2
    room_bytes: int = 64 * MEGABYTE
    response_bytes: int = 32 * MEGABYTE
    header_bytes: int = 32 * 1024
    calls: int = 512
    calls_per_run: int = 16
    connections: int = 512
