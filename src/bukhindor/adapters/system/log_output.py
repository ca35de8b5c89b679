"""The one place that every log line leaves by: ours through structlog, libraries' through logging."""

import logging
import sys
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

import structlog

from bukhindor.adapters.system.log_rendering import Event, console_line, json_line

_Render = Callable[[str, Event, datetime], bytes]

# The database toolkit logs statements with their values, the web server requests that we log ourselves, and the
# migration tool the parts it is made of.
_QUIET_LIBRARIES = ("sqlalchemy", "uvicorn.access", "alembic.runtime.plugins")
_OWN_LOGGER = "bukhindor"


def configure_logging(level: str, format: str, stream: BinaryIO | None = None) -> None:
    """Send everything to `stream`, by default standard output, from `level` (debug, info, warning, error) up.

    `format` is `json`, one object a line, or `console`, coloured when the stream is a terminal. Libraries say what
    they have to say from info up, whatever `level` is below. Writing never raises: a line that can't be written is
    lost. Call it once, before the first line is logged: loggers keep what they found.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    writer = LineWriter(_unbuffered_output() if stream is None else stream)
    render = json_line if format == "json" else partial(console_line, colours=writer.is_terminal)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _Renderer(render)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=partial(_Logger, writer),
        cache_logger_on_first_use=True,
    )
    _take_over_standard_logging(_StandardHandler(render, writer), threshold)


def _take_over_standard_logging(handler: logging.Handler, threshold: int) -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.INFO))
    logging.getLogger(_OWN_LOGGER).setLevel(threshold)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


class LineWriter:
    """Writes whole lines, one at a time from any thread, each at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.is_terminal = stream.isatty()

    def write(self, line: bytes) -> None:
        """Write the line. A full disk or a closed pipe costs the line and nothing else."""
        rest: bytes | memoryview = line + b"\n"
        with self._lock, suppress(OSError, ValueError):
            written = self._stream.write(rest)
            # A raw stream may take less than it was given, and tells how much; None when it would have to wait.
            while written and written < len(rest):
                rest = memoryview(rest)[written:]
                written = self._stream.write(rest)
            self._stream.flush()


class _Logger:
    """What structlog hands finished lines to."""

    def __init__(self, writer: LineWriter, name: str | None = None) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = writer.write


class _Renderer:
    """The last processor of structlog's chain."""

    def __init__(self, render: _Render) -> None:
        self._render = render

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
        if logger.name is not None:
            event["logger"] = logger.name
        return _rendered(self._render, method, event)


class _StandardHandler(logging.Handler):
    """Lets the records of standard logging leave as events of the same form."""

    def __init__(self, render: _Render, writer: LineWriter) -> None:
        super().__init__()
        self._render = render
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage().strip()
        except Exception:
            message = str(record.msg)
        event = {**structlog.contextvars.get_contextvars(), "event": message, "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        self._writer.write(_rendered(self._render, record.levelname.lower(), event))


def _rendered(render: _Render, level: str, event: Event) -> bytes:
    now = datetime.now(UTC)
    try:
        return render(level, event, now)
    except Exception as error:
        return render("error", {"event": "log_line_lost", "reason": type(error).__name__}, now)


def _unbuffered_output() -> BinaryIO:
    """Standard output without a buffer of Python's, which would fail once more when the program ends."""
    try:
        return open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
    except (OSError, ValueError):
        return sys.stdout.buffer
