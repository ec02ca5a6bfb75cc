"""What Prometheus reads from the service."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "requests", "Requests by path and status.", ["path", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "request_seconds", "Time to answer.", ["path"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.students = Counter(
            "students", "Students scored, by version and decision.", ["version", "flagged"],
            registry=self._registry,
        )  # fmt: skip
        self._serving = Gauge(
            "serving", "1 for the version that answers.", ["version"], registry=self._registry
        )
        self._registry_answers = Gauge(
            "registry_answers", "1 if the last look at the registry went well.",
            registry=self._registry,
        )  # fmt: skip

    def text(self, version: str | None, well: bool) -> bytes:
        """Everything as Prometheus wants it."""
        self._serving.clear()
        if version is not None:
            self._serving.labels(version).set(1)
        self._registry_answers.set(well)
        return generate_latest(self._registry)
