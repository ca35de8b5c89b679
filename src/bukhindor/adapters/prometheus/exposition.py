"""GET /metrics on a port of its own, served by the library's server in a thread."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class CannotExpose(OSError):
    """Metrics can't be served. The message is one sentence that says what to do."""


def expose(registry: CollectorRegistry, host: str, port: int) -> Callable[[], None]:
    """Serve from now on; the returned function stops it without waiting for a scrape. Raises CannotExpose."""
    try:
        server, thread = start_http_server(port, addr=host or "0.0.0.0", registry=registry)  # noqa: S104 - As configured.
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotExpose(f"port {port} can't be used for metrics ({reason}): set METRICS_PORT") from error

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


@contextmanager
def workers_exposed(host: str, port: int) -> Iterator[Callable[[int], None]]:
    """Serve the metrics of all workers that this process starts meanwhile, which keep them in files of one folder.

    Call the yielded function with the process id of each worker that has ended: its gauges no longer count, while its
    counters stay in the sums. Raises CannotExpose.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="bukhindor-metrics-")
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"no folder for the metrics of workers ({reason}): set TMPDIR to a folder that can be written"
        raise CannotExpose(message) from error
    with folder as path:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=path)
        stop = expose(registry, host, port)
        # The library reads it in each worker when it is imported.
        os.environ[_FOLDER_VARIABLE] = path
        try:
            yield partial(mark_process_dead, path=path)
        finally:
            del os.environ[_FOLDER_VARIABLE]
            stop()
