"""The library's metrics, made from the definitions; what is measured often finds its series in a dictionary."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, values

from bukhindor.adapters.prometheus.names import Definition, Kind
from bukhindor.adapters.prometheus.reserved_file import ReservedFile

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What something has now. `labels` are values in the order of the definition's; `value` of a counter is its sum
    so far."""

    definition: Definition
    value: float
    labels: tuple[str, ...] = ()


class Series:
    """All metrics of one process, in a registry of their own.

    With PROMETHEUS_MULTIPROC_DIR in the environment from the start of the process, the library keeps them in files of
    that folder, for the process that puts those of all workers together. When there is no place for one more series,
    it is not counted, and the log says so once.
    """

    def __init__(self) -> None:
        # When a series was made is of no use to anybody, and would double their number.
        disable_created_metrics()
        values.MmapedDict = ReservedFile  # type: ignore[attr-defined, assignment]
        self.registry = CollectorRegistry()
        self._metrics: dict[str, Any] = {}
        self._counted: dict[tuple[str, tuple[str, ...]], float] = {}
        self._told = False

    def of(self, definition: Definition, *labels: str) -> Any:
        """The counter, gauge or histogram with these labels. Keep it where it is needed often."""
        try:
            return self._find(definition, labels)
        except OSError as error:
            if not self._told:
                _log.error("no place for more metrics, some of this process are not counted: %s", error)
                self._told = True
            return _NOWHERE

    def for_each(self, definition: Definition, labels: Sequence[str]) -> dict[str, Any]:
        """The series of a closed set of labels; they are there, with 0, before anything happens."""
        return {label: self.of(definition, label) for label in labels}

    def record(self, measurements: Iterable[Measurement]) -> None:
        """Set gauges; let counters grow by what their sums have grown since the last time."""
        for measurement in measurements:
            definition, labels = measurement.definition, measurement.labels
            series = self.of(definition, *labels)
            if definition.kind is Kind.GAUGE:
                series.set(measurement.value)
                continue
            key = (definition.name, labels)
            series.inc(max(measurement.value - self._counted.get(key, 0.0), 0.0))
            self._counted[key] = measurement.value

    def _find(self, definition: Definition, labels: Sequence[str]) -> Any:
        metric = self._metrics.get(definition.name)
        if metric is None:
            # Not sooner: a gauge that nothing has been measured for would say 0.
            metric = self._metrics[definition.name] = self._make(definition)
        return metric.labels(*labels) if definition.labels else metric

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


class _Nowhere:
    """A series that there was no place for."""

    def inc(self, amount: float = 1.0) -> None:
        """Not counted."""

    def dec(self, amount: float = 1.0) -> None:
        """Not counted."""

    def set(self, value: float) -> None:
        """Not kept."""

    def observe(self, amount: float) -> None:
        """Not counted."""


_NOWHERE = _Nowhere()
