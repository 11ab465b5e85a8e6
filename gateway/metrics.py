"""Prometheus figures of one process. Routes are named by their template, so that no label grows without end."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def _registry() -> CollectorRegistry:
    return CollectorRegistry()


@dataclass(slots=True)
class Metrics:
    """The figures, in a registry of their own: two services in one process do not mix."""

    registry: CollectorRegistry = field(default_factory=_registry)
    requests: Counter = field(init=False)
    request_seconds: Histogram = field(init=False)
    sockets: Gauge = field(init=False)
    fixes: Gauge = field(init=False)
    event_seq: Gauge = field(init=False)
    open_cases: Gauge = field(init=False)
    vehicles_live: Gauge = field(init=False)
    tasks_alive: Gauge = field(init=False)

    def __post_init__(self) -> None:
        registry = self.registry
        self.requests = Counter(
            "nearside_requests", "Requests answered", ("method", "route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "nearside_request_seconds",
            "Time to answer, in seconds",
            ("method", "route"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.sockets = Gauge("nearside_sockets", "WebSockets open now", ("route",), registry=registry)
        self.fixes = Gauge(
            "nearside_fixes",
            "Fixes since the start, by what became of them",
            ("verdict",),
            registry=registry,
        )
        self.event_seq = Gauge("nearside_event_seq", "The newest number of the event log", registry=registry)
        self.open_cases = Gauge("nearside_open_cases", "Cases not ended, by status", ("status",), registry=registry)
        self.vehicles_live = Gauge("nearside_vehicles_live", "Vehicles with a known position", registry=registry)
        self.tasks_alive = Gauge("nearside_tasks_alive", "1 while every background task is at work", registry=registry)

    def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self.registry)
