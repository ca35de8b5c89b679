"""Metrics and traces, as far as the settings ask for them."""

from bukhindor import BUILD
from bukhindor.bootstrap.watch import Tracing, Watch
from bukhindor.config import Settings


def open_watch(settings: Settings, *, exposes: bool) -> Watch:
    """`exposes` says whether this process serves METRICS_PORT, and not the parent of several."""
    tracing = _open_tracing() if settings.monitoring.tracing else None
    if settings.monitoring.metrics_port is None:
        return Watch(tracing)
    # The libraries take memory that an installation without metrics does not need.
    from bukhindor.bootstrap.metrics import MetricsWatch  # noqa: PLC0415

    return MetricsWatch(settings.server.metrics_host, settings.monitoring.metrics_port if exposes else None, tracing)


def _open_tracing() -> Tracing:
    # These libraries may not even be installed.
    from bukhindor.adapters.tracing.tracer import OpenTelemetryTracer  # noqa: PLC0415

    return OpenTelemetryTracer(BUILD)
