"""What the platform tells a runner, as records: docs/runner-protocol.md in types, parsed strictly."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""As the CLI takes them; it becomes a file's name."""


class ProtocolError(Exception):
    """The platform said something that the protocol does not know."""


@dataclass(frozen=True)
class Launch:
    """What the environment of a runner says, by the names of docs/runner-protocol.md."""

    url: str
    launch_id: str
    nonce: str = field(repr=False)
    task_index: int = 0
    slot: int = 0
    sandbox_home: str | None = None
    traceparent: str | None = None
    """What ties this run's calls to the request that asked for it, in the logs."""
    handle: str | None = None
    """What this runner is to whoever started it."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Launch:
        """Raises ProtocolError that names everything missing at once."""
        names = ("OMA_RUNNER_URL", "OMA_LAUNCH_ID", "OMA_LAUNCH_NONCE")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise ProtocolError(f"not set: {', '.join(missing)}")
        url, launch_id, nonce = (environ[name] for name in names)
        index, slot = int(environ.get("CLOUD_RUN_TASK_INDEX", "0")), int(environ.get("OMA_RUNNER_SLOT", "0"))
        home, trace = environ.get("OMA_SANDBOX_HOME"), environ.get("OMA_TRACEPARENT")
        return cls(url.rstrip("/"), launch_id, nonce, index, slot, home, trace, handle(environ))


def handle(environ: Mapping[str, str]) -> str | None:
    """Its execution and number of tasks on Cloud Run, else its process: the number and when it began (proc(5)).

    Source of the names: https://cloud.google.com/run/docs/container-contract#jobs-env-vars
    """
    execution = environ.get("CLOUD_RUN_EXECUTION")
    if execution:
        return f"{execution}/{environ.get('CLOUD_RUN_TASK_COUNT', '1')}"
    try:
        stat = Path("/proc/self/stat").read_text()
    except OSError:
        return None
    return f"{os.getpid()}:{stat.rpartition(')')[2].split()[19]}"


@dataclass(frozen=True)
class Limits:
    """What one execution may use; bytes unless the name says otherwise."""

    memory: int = 1 << 30
    cpus: float = 1
    processes: int = 64
    disk: int = 256 << 20
    open_files: int = 256
    output: int = 8 << 20


@dataclass(frozen=True)
class WorkspaceFile:
    """A file as it stands in the platform's store; `url` may be relative to the platform."""

    path: str
    size: int
    sha256: str
    url: str


@dataclass(frozen=True)
class Session:
    """The conversation of the CLI's that this execution goes on with; `record` is None when it is the first."""

    id: str
    record: WorkspaceFile | None


@dataclass(frozen=True)
class Spec:
    """One execution, as the platform wants it run; durations in seconds."""

    prompt: str
    system_prompt: str
    model: str
    small_model: str
    model_token: str = field(repr=False)
    """The one secret that enters the sandbox; only the gateway accepts it."""
    tools: tuple[str, ...]
    max_turns: int
    timeout: float
    allow: tuple[str, ...]
    limits: Limits
    input: str | None
    files: tuple[WorkspaceFile, ...]
    save: bool
    gateway_url: str
    egress_url: str | None = None
    """Where the web is reached through, where this runner has no route to it."""
    session: Session | None = None
    traceparent: str | None = None
    heartbeat: float = 2
    flush: float = 0.2
    orphan: float = 30


@dataclass(frozen=True)
class Claim:
    """The execution that this runner owns, and its proof, which never enters the sandbox."""

    execution_id: str
    token: str = field(repr=False)
    epoch: int
    spec: Spec

    @classmethod
    def of(cls, answer: Any) -> Claim:
        """Raises ProtocolError that names the first field that is missing or of another type."""
        claim = _Fields(answer, "claim")
        return cls(claim.text("executionId"), claim.text("token"), claim.whole("epoch"), _spec(claim.inner("spec")))


class _Fields:
    """Typed reading of one JSON object; every refusal names the field."""

    def __init__(self, value: Any, name: str) -> None:
        if not isinstance(value, dict):
            raise ProtocolError(f"{name} is not an object")
        self._value, self._name = value, name

    def text(self, key: str) -> str:
        return str(self._typed(key, str))

    def optional_text(self, key: str) -> str | None:
        return None if self._value.get(key) is None else self.text(key)

    def whole(self, key: str) -> int:
        return int(self._typed(key, int))

    def number(self, key: str, default: float) -> float:
        return float(self._typed(key, (int, float))) if key in self._value else default

    def flag(self, key: str) -> bool:
        return bool(self._typed(key, bool, boolean=True))

    def holds(self, key: str) -> bool:
        return self._value.get(key) is not None

    def inner(self, key: str) -> _Fields:
        return _Fields(self._value.get(key), f"{self._name}.{key}")

    def texts(self, key: str) -> tuple[str, ...]:
        items = self._typed(key, list)
        if not all(isinstance(item, str) for item in items):
            raise ProtocolError(f"{self._name}.{key} holds something that is no text")
        return tuple(items)

    def inners(self, key: str) -> list[_Fields]:
        return [_Fields(item, f"{self._name}.{key}") for item in self._typed(key, list)]

    def _typed(self, key: str, kinds: type | tuple[type, ...], boolean: bool = False) -> Any:
        value = self._value.get(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not boolean):
            raise ProtocolError(f"{self._name}.{key} is missing or of another type")
        return value


def _spec(spec: _Fields) -> Spec:
    workspace, limits = spec.inner("workspace"), spec.inner("limits")
    return Spec(
        prompt=spec.text("prompt"),
        system_prompt=spec.text("systemPrompt"),
        model=spec.text("model"),
        small_model=spec.text("smallModel"),
        model_token=spec.text("modelToken"),
        tools=spec.texts("tools"),
        max_turns=spec.whole("maxTurns"),
        timeout=spec.whole("timeoutSeconds"),
        allow=spec.inner("network").texts("allow"),
        limits=Limits(
            memory=limits.whole("memoryBytes"),
            cpus=limits.number("cpus", 1),
            processes=limits.whole("processes"),
            disk=limits.whole("diskBytes"),
            open_files=limits.whole("openFiles"),
            output=limits.whole("outputBytes"),
        ),
        input=spec.optional_text("input"),
        files=tuple(map(_file, workspace.inners("files"))),
        save=workspace.flag("save"),
        gateway_url=spec.text("gatewayUrl").rstrip("/"),
        egress_url=spec.optional_text("egressUrl"),
        session=_session(spec.inner("session")) if spec.holds("session") else None,
        heartbeat=spec.number("heartbeatSeconds", Spec.heartbeat),
        flush=spec.number("flushSeconds", Spec.flush),
        orphan=spec.number("orphanSeconds", Spec.orphan),
    )


def _session(session: _Fields) -> Session:
    id = session.text("id")
    if not SESSION_ID.fullmatch(id):
        raise ProtocolError("claim.spec.session.id is no UUID")
    return Session(id, _file(session.inner("record")) if session.holds("record") else None)


def _file(file: _Fields) -> WorkspaceFile:
    return WorkspaceFile(file.text("path"), file.whole("bytes"), file.text("sha256"), file.text("url"))
