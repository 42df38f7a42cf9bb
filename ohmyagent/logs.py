"""What the program logs: a constant phrase and identifiers; never prompts, tokens or addresses."""

import logging
import random
import re
import secrets
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

SECRET_NAMES = re.compile(r"authorization|cookie|credential|nonce|passw|prompt|secret|signature|token", re.IGNORECASE)
SECRETS = re.compile(r"oma_[A-Za-z0-9_-]{8,}|sk-[A-Za-z0-9_-]{8,}|(?i:bearer)\s+[^\s,]+|#signin=[^\s]+")
REDACTED = "[redacted]"
_guard = threading.Lock()
_security: dict[str, tuple[int, datetime]] = {}

SEVERITIES = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}
"""Source: https://cloud.google.com/logging/docs/structured-logging"""


TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""Source: https://www.w3.org/TR/trace-context/#traceparent-header"""
CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/[0-9]{1,20})?(?:;o=[0-9])?")
"""Google's older header.  Source: https://cloud.google.com/trace/docs/trace-context"""
PLACE = re.compile(r"(.+):([0-9]+) (.+)")


@dataclass(frozen=True)
class Reporter:
    """Who logs on Google Cloud: the project of the traces, and what Error Reporting calls the service."""

    project: str
    service: str
    version: str


def configure(target: str, *counting: Processor, reporter: Reporter | None = None) -> None:
    """Log for this target: JSON with `severity` on Google Cloud, else one plain line to stderr.

    `counting` see each line on its way and pass it on.
    """
    json = [_severe(reporter), structlog.processors.JSONRenderer(ensure_ascii=False)]
    final: list[Processor] = {"gcp": json}.get(target, [_line])
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        note_security,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
        *counting,
        *final,
    ]
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def note_security(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Count what is logged with `security=True` in this process, by its phrase, for administrators."""
    if event.get("security") is True:
        with _guard:
            phrase = str(event.get("event", ""))
            _security[phrase] = (_security.get(phrase, (0, datetime.now(UTC)))[0] + 1, datetime.now(UTC))
    return event


def security_events() -> dict[str, tuple[int, datetime]]:
    """By phrase: how often it was logged since the process began, and when last."""
    with _guard:
        return dict(_security)


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Without values whose name or look is that of a secret."""
    for name, value in event.items():
        event[name] = REDACTED if SECRET_NAMES.search(name) else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return SECRETS.sub(REDACTED, value)
    if isinstance(value, dict):
        return {name: REDACTED if SECRET_NAMES.search(str(name)) else _clean(item) for name, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value


def trace_of(traceparent: str | None, cloud_trace: str | None = None) -> str:
    """The trace that a request belongs to by its headers, else a new one."""
    if not traceparent and not cloud_trace:
        return _new_trace()
    for pattern, header in ((TRACEPARENT, traceparent), (CLOUD_TRACE, cloud_trace)):
        found = pattern.fullmatch(header or "")
        if found and set(found[1]) != {"0"}:
            return found[1]
    return _new_trace()


def _new_trace() -> str:
    """A name and no secret; the system's random numbers would cost a model call as much as its parsing."""
    return f"{random.getrandbits(128) or 1:032x}"


def traceparent() -> str | None:
    """The header that carries the present trace on, or None outside of one."""
    trace = structlog.contextvars.get_contextvars().get("trace")
    return f"00-{trace}-{secrets.token_hex(8)}-01" if trace else None


def _severe(reporter: Reporter | None) -> Processor:
    """Fields as Cloud Logging and Error Reporting read them.

    Sources: https://cloud.google.com/logging/docs/structured-logging and
    https://cloud.google.com/error-reporting/docs/formatting-error-messages
    """

    def process(_logger: Any, _method: str, event: EventDict) -> EventDict:
        severity = SEVERITIES.get(event.pop("level", "info"), "DEFAULT")
        event.update(severity=severity, message=event.pop("event", ""), time=event.pop("timestamp", None))
        trace = event.pop("trace", None)
        if reporter is not None and trace is not None:
            event["logging.googleapis.com/trace"] = f"projects/{reporter.project}/traces/{trace}"
        if reporter is not None and severity in ("ERROR", "CRITICAL"):
            event.update(_reported(event, reporter))
        return event

    return process


def _reported(event: EventDict, reporter: Reporter) -> dict[str, Any]:
    """What makes an entry an error that Error Reporting groups: a stack trace, or else the place it came from."""
    found: dict[str, Any] = {
        "@type": "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent",
        "serviceContext": {"service": reporter.service, "version": reporter.version},
    }
    place = PLACE.fullmatch(str((event.get("at") or [""])[-1]))
    if "exception" in event:
        return found | {"stack_trace": event.pop("exception")}
    file, line, function = place.groups() if place else (reporter.service, "0", str(event["message"]))
    location = {"filePath": file, "lineNumber": int(line), "functionName": function}
    return found | {"context": {"reportLocation": location}}


def _line(_logger: Any, _method: str, event: EventDict) -> str:
    """`08:27:01 info request method=GET …`, then a traceback if there is one."""
    clock, level, phrase = event.pop("timestamp", "")[11:19], event.pop("level", ""), event.pop("event", "")
    event.pop("trace", None)
    trace = event.pop("exception", None)
    fields = " ".join(f"{name}={_plain(value)}" for name, value in event.items())
    line = f"{clock} {level} {phrase} {fields}".rstrip()
    return f"{line}\n{trace}" if trace else line


def _plain(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else repr(text)
