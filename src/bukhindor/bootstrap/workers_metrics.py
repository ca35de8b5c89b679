"""The metrics of all workers at one port, for the process that starts them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bukhindor.adapters.prometheus.exposition import MetricsServer
from bukhindor.adapters.prometheus.workers import WorkersMetrics


@contextmanager
def merged_metrics(host: str, port: int) -> Iterator[WorkersMetrics]:
    """From before the first worker starts until after the last one has ended. Raises CannotExpose."""
    with ExitStack() as resources:
        metrics = WorkersMetrics()
        resources.callback(metrics.close)
        server = MetricsServer(metrics.registry, host, port)
        resources.callback(server.close)
        server.start()
        yield metrics
