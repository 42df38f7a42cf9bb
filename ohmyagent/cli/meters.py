"""What Prometheus reads: figures of the platform as a whole, and none of a person, an agent or a run.

What happens is counted from the log's lines, as a cloud can count it too; what there is, is asked for at each scrape.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from structlog.typing import EventDict

from ohmyagent import records, wiring
from ohmyagent.domain.usage import month_of
from ohmyagent.http.origins import LOOPBACK
from ohmyagent.ports import Where
from ohmyagent.use_cases import ticking

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LATE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Meters:
    """ASGI: `GET /metrics`, for this machine only.  `counted` goes into the log's chain of processors."""

    def __init__(self, app: wiring.Local) -> None:
        self._app = app
        self._registry = CollectorRegistry()
        named: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter("oma_http_requests", "Answers.", ["method", "route", "status"], **named)
        self._seconds = Histogram(
            "oma_http_request_seconds", "Until the answer began.", ["route"], buckets=SECONDS, **named
        )
        self._late = Histogram("oma_run_late_seconds", "From the due instant to the launch.", buckets=LATE, **named)
        self._registry.register(self)

    def counted(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """Count what this line of the log says; the line goes on as it is."""
        if event.get("event") == "request":
            self._requests.labels(event["method"], event["route"], str(event["status"])).inc()
            self._seconds.labels(event["route"]).observe(event["ms"] / 1000)
        elif event.get("event") == "launched":
            self._late.observe(event["late_ms"] / 1000)
        return event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response: Response = PlainTextResponse("", 404)
        if Request(scope).url.hostname in LOOPBACK:
            text = await asyncio.to_thread(generate_latest, self._registry)
            response = Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
        await response(scope, receive, send)

    def collect(self) -> Iterator[Metric]:
        """What there is now."""
        app, now = self._app, self._app.now()
        last = ticking.last(app.store)
        if last is not None:
            yield _gauge("oma_tick_age_seconds", "Since the tick came through.", _seconds(now - last))
        depth = app.queue.depth()
        yield _gauge("oma_queue_age_seconds", "How long the oldest task that is due has waited.", depth.late)
        tasks = {"due": depth.due, "later": depth.later, "running": depth.running, "dead": depth.dead}
        yield _by("oma_queue_tasks", "Tasks of the queue.", "state", tasks)
        tally = app.store.tally
        yield _by("oma_runs", "Runs that are kept.", "status", tally("executions", "status"))
        yield _by("oma_mails", "Mails that are kept.", "state", tally("outbox", "state"))
        yield _by("oma_webhook_deliveries", "Deliveries that are kept.", "status", tally("deliveries", "status"))
        spent, unknown = self._month(month_of(now))
        yield _gauge("oma_month_cost_usd", "Spent on models this month (UTC), as far as it is known.", spent / 1e6)
        yield _gauge("oma_month_unknown_costs", "Runs of this month whose cost is not known.", unknown)

    def _month(self, month: str) -> tuple[int, int]:
        spent = unknown = 0
        cursor: str | None = None
        while True:
            found, cursor = records.months.page(self._app.store, Where("month", "==", month), after=cursor)
            spent += sum(row.cost_micro_usd for one in found for row in one.rows)
            unknown += sum(row.unknown_costs for one in found for row in one.rows)
            if cursor is None:
                return spent, unknown


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)


def _by(name: str, help: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _seconds(age: timedelta) -> float:
    return max(0.0, age.total_seconds())
