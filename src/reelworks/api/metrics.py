"""``/metrics``: the service in numbers, for Prometheus.

What this process counted, and what the database knows when it is asked. The latter is the same from
every API: a query takes the maximum over them, never the sum. Workers do not repeat it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from reelworks.api import problems
from reelworks.api.service import ServiceDependency
from reelworks.engine.overview import Census
from reelworks.telemetry import instruments

router = APIRouter()

_EXAMPLE = """\
# HELP reelworks_workers Workers that hold a lease.
# TYPE reelworks_workers gauge
reelworks_workers 2.0
"""


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"example": _EXAMPLE}},
            "description": "In Prometheus's text format.",
        },
        **problems.responses(s500="The database does not answer."),
    },
)
def metrics(service: ServiceDependency) -> Response:
    """Queue, workers, stages, uploads and sockets, as Prometheus reads them."""
    shared = CollectorRegistry()
    shared.register(SharedNumbers(service.overview.census))
    text = generate_latest(shared) + generate_latest(instruments.registry())
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class SharedNumbers(Collector):
    """What all processes share, read from the database whenever it is asked for."""

    def __init__(self, census: Callable[[], Census]) -> None:
        self._census = census

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The numbers of this moment."""
        census = self._census()
        processes = GaugeMetricFamily(
            "reelworks_processes", "Processes by type and status.", labels=["type", "status"]
        )
        for (process_type, status), count in census.processes.items():
            processes.add_metric([process_type.value, status.value], count)
        yield processes
        for name, text, value in (
            ("queue_length", "Pieces of work that wait for a slot.", census.queued),
            ("queue_running", "Pieces of work that have a slot.", census.claimed),
            (
                "queue_oldest_seconds",
                "How long the oldest pending process has waited; 0 where none is pending.",
                census.oldest_seconds,
            ),
            ("workers", "Workers that hold a lease.", census.workers),
            ("slots", "Slots of all workers that hold a lease.", census.slots),
        ):
            yield GaugeMetricFamily(f"reelworks_{name}", text, value=value)
