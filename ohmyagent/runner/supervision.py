"""Watches one agent from its first byte until no process of its sandbox is left."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

from ohmyagent.runner import cli
from ohmyagent.runner.limits import Watch
from ohmyagent.runner.outcome import STOPPED
from ohmyagent.runner.protocol import Spec
from ohmyagent.runner.sandbox import Box
from ohmyagent.runner.stream import Lines, LineTooLong, Transcript

GRACE_SECONDS = 2.0
STDERR_BYTES = 8 << 10
CHUNK = 1 << 16
LEAVE_NO_TRACE = frozenset({"orphaned", "disowned"})
GRACEFUL = frozenset({"cancelled", "timeout", "terminated"})


class Stops:
    """Why the run must end; the first reason counts, but one that forbids a report outweighs the others.

    May be called from any thread; `fd` becomes readable.
    """

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.reason: str | None = None
        self._lock = threading.Lock()

    def __call__(self, reason: str) -> None:
        with self._lock:
            if self.reason is None or reason in LEAVE_NO_TRACE:
                self.reason = reason
        os.eventfd_write(self.fd, 1)


class Supervision:
    """One box at work.  `run` is the only loop of the main thread; it ends with the box."""

    def __init__(self, box: Box, watch: Watch, spec: Spec, transcript: Transcript, stops: Stops) -> None:
        self._box, self._watch, self._spec = box, watch, spec
        self._transcript, self._stops = transcript, stops
        self._to_write = bytearray(cli.first_message(spec.prompt))
        self._stdin_open = True
        self._interrupted = False
        self._kill_at: float | None = None
        self._lines, self._printed = Lines(), 0
        self._poll = select.poll()
        self._on_event: dict[int, Callable[[], None]] = {
            box.stdin: self._write,
            box.stdout: lambda: self._read(box.stdout, self._take_output),
            box.stderr: lambda: self._read(box.stderr, self._take_error),
            stops.fd: self._stop,
        }
        self.stderr = ""

    def run(self) -> None:
        """Returns when the sandbox is empty and everything that it printed was read."""
        deadline = time.monotonic() + self._spec.timeout
        next_look = 0.0
        for fd in self._on_event:
            os.set_blocking(fd, False)
            self._poll.register(fd, select.POLLOUT if fd == self._box.stdin else select.POLLIN)
        self._poll.register(self._box.alive, select.POLLIN)
        while not self._step(self._watch.interval):
            now = time.monotonic()
            if now >= next_look:
                next_look = now + self._watch.interval
                self._look(now, deadline)
        for fd in (self._box.stdout, self._box.stderr):
            self._on_event[fd]()

    def _step(self, seconds: float) -> bool:
        """Handle what is ready, for a moment at most; whether the box is empty."""
        for fd, _ in self._poll.poll(seconds * 1000):
            if fd == self._box.alive:
                return True
            self._on_event[fd]()
        return False

    def _look(self, now: float, deadline: float) -> None:
        breach = self._watch.breach()
        if breach:
            self._stops(breach)
        if now >= deadline:
            self._stops("timeout")
        if self._kill_at is not None and now >= self._kill_at:
            self._box.kill()

    def _stop(self) -> None:
        """Ask the agent to end and to say what it used, where the reason leaves time for it; else end it."""
        os.eventfd_read(self._stops.fd)
        if self._stops.reason not in GRACEFUL or not self._stdin_open:
            self._box.kill()
        elif not self._interrupted:
            self._interrupted = True
            self._kill_at = time.monotonic() + GRACE_SECONDS
            self._to_write += cli.interrupt()
            self._poll.modify(self._box.stdin, select.POLLOUT)

    def _write(self) -> None:
        try:
            written = os.write(self._box.stdin, self._to_write[:CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._close_stdin()
            return
        del self._to_write[:written]
        if not self._to_write:
            self._poll.modify(self._box.stdin, 0)

    def _close_stdin(self) -> None:
        """The end of input ends the CLI; with it open, it would wait for another message for ever."""
        if self._stdin_open:
            self._stdin_open = False
            self._poll.unregister(self._box.stdin)
            self._box.close_stdin()

    def _read(self, fd: int, take: Callable[[bytes], None]) -> None:
        """Everything that is there now, within the cap on output."""
        while True:
            try:
                part = os.read(fd, CHUNK)
            except BlockingIOError:
                return
            if not part:
                self._forget(fd)
                return
            self._printed += len(part)
            if self._printed > self._spec.limits.output:
                self._forget(fd)
                self._stops("output")
                return
            take(part)

    def _forget(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._on_event[fd] = _nothing

    def _take_output(self, part: bytes) -> None:
        had_result = self._transcript.result
        try:
            for line in self._lines.feed(part):
                self._transcript.read(line)
        except LineTooLong:
            self._stops("output")
        if self._transcript.result is not had_result:
            self._close_stdin()

    def _take_error(self, part: bytes) -> None:
        self.stderr = (self.stderr + part.decode("utf-8", "replace"))[-STDERR_BYTES:]


def _nothing() -> None:
    """What is done about a pipe that has ended."""


def stop_of(stops: Stops) -> str | None:
    """The reason as a key of STOPPED; None when the run ended by itself."""
    return stops.reason if stops.reason in STOPPED else None
