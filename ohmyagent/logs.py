"""What the program logs: a constant phrase and identifiers; never prompts, tokens or addresses."""

import logging
import re
import sys
import threading
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


def configure(target: str, *counting: Processor) -> None:
    """Log for this target: JSON with `severity` on Google Cloud, else one plain line to stderr.

    `counting` see each line on its way and pass it on.
    """
    final = {"gcp": [_severe, structlog.processors.JSONRenderer(ensure_ascii=False)]}.get(target, [_line])
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


def _severe(_logger: Any, _method: str, event: EventDict) -> EventDict:
    event["severity"] = SEVERITIES.get(event.pop("level", "info"), "DEFAULT")
    event["message"] = event.pop("event", "")
    event["time"] = event.pop("timestamp", None)
    return event


def _line(_logger: Any, _method: str, event: EventDict) -> str:
    """`08:27:01 info request method=GET …`, then a traceback if there is one."""
    clock, level, phrase = event.pop("timestamp", "")[11:19], event.pop("level", ""), event.pop("event", "")
    trace = event.pop("exception", None)
    fields = " ".join(f"{name}={_plain(value)}" for name, value in event.items())
    line = f"{clock} {level} {phrase} {fields}".rstrip()
    return f"{line}\n{trace}" if trace else line


def _plain(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else repr(text)
