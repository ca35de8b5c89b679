"""The metrics of several workers, put together in their parent."""

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from bukhindor.adapters.prometheus.exposition import CannotExpose
from bukhindor.adapters.prometheus.reserved_file import ReservedFile
from bukhindor.adapters.prometheus.workers_folder import WorkersFolder

_log = logging.getLogger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# What stays of workers that have ended. The name has the form that the library's files have.
_ENDED = "ended"


class WorkersMetrics(Collector):
    """A private folder in which each worker keeps its metrics, and their sums.

    `environment` is for the workers. Counters of a worker that ended go on in the sums; its gauges do not.
    Raises CannotExpose when there is no place for the folder.
    """

    def __init__(self) -> None:
        try:
            self._held = WorkersFolder()
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"no folder for the metrics of workers ({reason}): set TMPDIR to a folder that can be written"
            raise CannotExpose(message) from error
        self._folder = self._held.path
        self._turn = threading.Lock()
        self._fails = False
        self._collector = MultiProcessCollector(None, path=str(self._folder))
        self.registry = CollectorRegistry()
        self.registry.register(self)

    @property
    def environment(self) -> Mapping[str, str]:
        return {FOLDER_VARIABLE: str(self._folder)}

    def collect(self) -> Iterable[Metric]:
        """Raises what keeps it from reading a file; the log says so when that begins."""
        with self._turn:
            try:
                metrics = list(self._collector.collect())
            except Exception:
                if not self._fails:
                    _log.exception("the metrics of the workers can't be read")
                self._fails = True
                raise
            self._fails = False
            return metrics

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before the first worker has begun."""
        return ()

    def worker_ended(self, process_id: int) -> None:
        """Keep its counters with those of others that ended, so that there are not more files with each restart."""
        with self._turn:
            mark_process_dead(process_id, path=str(self._folder))
            for kind in ("counter", "histogram"):
                try:
                    self._take_over(kind, process_id)
                except OSError as error:
                    # Nothing is lost: its own file goes on being read.
                    _log.error("the metrics of process %d stay in a file of their own: %s", process_id, error)
            # What is left are files of a process that was killed while it made them.
            for file in (*self._folder.glob(f"gauge_*_{process_id}.db"), *self._folder.glob(f"*_{process_id}.db.new")):
                file.unlink(missing_ok=True)

    def close(self) -> None:
        self._held.remove()

    def _take_over(self, kind: str, process_id: int) -> None:
        last, sums = self._folder / f"{kind}_{process_id}.db", self._folder / f"{kind}_{_ENDED}.db"
        files = [str(file) for file in (sums, last) if _can_be_read(file)]
        if str(last) not in files:
            return
        merged = MultiProcessCollector.merge(files, accumulate=False)
        new = self._folder / f"{kind}_new"
        try:
            _write(merged, new)
            os.replace(new, sums)
        finally:
            new.unlink(missing_ok=True)
        last.unlink()


def _can_be_read(file: Path) -> bool:
    """One whose content makes no sense would keep the others from being read for good, so it is removed.

    Raises OSError.
    """
    if not file.exists():
        return False
    try:
        MultiProcessCollector.merge([str(file)])
    except OSError:
        # It may be there the next time.
        raise
    except Exception as error:
        _log.error("what %s has counted is lost: %s", file.name, error)
        file.unlink()
        return False
    return True


def _write(metrics: Iterable[Metric], file: Path) -> None:
    values: MmapedDict = ReservedFile(str(file))
    try:
        for metric in metrics:
            for sample in metric.samples:
                labels = list(sample.labels)
                key = mmap_key(metric.name, sample.name, labels, list(sample.labels.values()), metric.documentation)
                values.write_value(key, sample.value, 0.0)
    finally:
        values.close()
