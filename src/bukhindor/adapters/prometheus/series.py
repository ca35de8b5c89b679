"""The library's metrics, made from the definitions; frequent measurements find their series in a dictionary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from bukhindor.adapters.prometheus.names import Definition, Kind


@dataclass(frozen=True, slots=True)
class Measurement:
    """A present value. `labels` are values in the order of the definition's; `value` of a counter is its sum so far."""

    definition: Definition
    value: float
    labels: tuple[str, ...] = ()


class Series:
    """All metrics of one process, in a registry of their own.

    With PROMETHEUS_MULTIPROC_DIR in the environment when the library is imported, the library keeps them in files of
    that folder, and the parent of the workers adds up the files of all workers.
    """

    def __init__(self) -> None:
        # The creation time of a series has no use here, and would double the number of series.
        disable_created_metrics()
        self.registry = CollectorRegistry()
        self._metrics: dict[str, Any] = {}
        self._counted: dict[tuple[str, tuple[str, ...]], float] = {}

    def of(self, definition: Definition, *labels: str) -> Any:
        """The counter, gauge or histogram with these labels. Keep the result where it is needed often."""
        metric = self._metrics.get(definition.name)
        if metric is None:
            # Not earlier: a gauge without a measurement would say 0.
            metric = self._metrics[definition.name] = self._make(definition)
        return metric.labels(*labels) if definition.labels else metric

    def for_each(self, definition: Definition, labels: Sequence[str]) -> dict[str, Any]:
        """The series of a closed set of labels; they exist, with 0, before anything happens."""
        return {label: self.of(definition, label) for label in labels}

    def record(self, measurements: Iterable[Measurement]) -> None:
        """Set gauges; increase counters by the growth of their sums since the last time."""
        for measurement in measurements:
            definition, labels = measurement.definition, measurement.labels
            series = self.of(definition, *labels)
            if definition.kind is Kind.GAUGE:
                series.set(measurement.value)
                continue
            key = (definition.name, labels)
            series.inc(max(measurement.value - self._counted.get(key, 0.0), 0.0))
            self._counted[key] = measurement.value

    def _make(self, definition: Definition) -> Counter | Gauge | Histogram:
        about: dict[str, Any] = {"labelnames": definition.labels, "registry": self.registry}
        match definition.kind:
            case Kind.COUNTER:
                return Counter(definition.name, definition.help, **about)
            case Kind.GAUGE:
                mode: Any = definition.merge.value
                return Gauge(definition.name, definition.help, multiprocess_mode=mode, **about)
            case Kind.HISTOGRAM:
                return Histogram(definition.name, definition.help, buckets=definition.buckets, **about)
