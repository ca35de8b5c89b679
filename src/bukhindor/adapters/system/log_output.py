"""The one place that writes log lines: ours through structlog, those of libraries through logging."""

import logging
import os
import select
import stat
import sys
import threading
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

from bukhindor.adapters import leaving_out
from bukhindor.adapters.system.log_rendering import Event, console_line, json_line

# rich is for tracebacks with the values of variables, and greenlet for gevent.
with leaving_out("rich", "greenlet"):
    import structlog

_Render = Callable[[str, Event, datetime], bytes]

# The database toolkit logs statements with their values, the web server logs requests, which we log ourselves, and the
# migration tool logs its own parts.
_QUIET_LIBRARIES = ("sqlalchemy", "uvicorn.access", "alembic.runtime.plugins")
_OWN_LOGGER = "bukhindor"

# A pipe with any room has at least this much.
_PIECE_BYTES = select.PIPE_BUF
# For a reader that is briefly busy; one that stops reading delays a service only once.
_WAIT_MILLISECONDS = 20


def configure_logging(level: str, format: str, stream: BinaryIO | None = None) -> None:
    """Send everything to `stream`, by default standard output, from `level` (debug, info, warning, error) up.

    `format` is `json`, one object a line, or `console`, coloured when the stream is a terminal. Libraries log from info
    up, even if `level` is lower. Writing never raises and hardly waits: a line that can't be written is lost. Call it
    once, before the first line is logged: loggers keep the configuration that they found.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    stream = _unbuffered_output() if stream is None else stream
    render = json_line if format == "json" else partial(console_line, colours=stream.isatty())
    writer = LineWriter(
        stream,
        lambda lost: _rendered(render, "warning", {"event": "log_lines_lost", "lines": lost, "logger": __name__}),
    )
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
    """Writes whole lines, one at a time from any thread, without a buffer.

    `lines_lost` makes the line that reports how many were not written because the reader had stopped reading.
    """

    def __init__(self, stream: BinaryIO, lines_lost: Callable[[int], bytes]) -> None:
        self._stream = stream
        self._lines_lost = lines_lost
        self._lock = threading.Lock()
        self._room = _room_of(stream)
        self._behind = False
        self._rest = b""
        self._lost = 0

    def write(self, line: bytes) -> None:
        """Write the line. A full disk, a closed pipe or a stopped reader costs the line and nothing else."""
        with self._lock:
            if not self._write_rest():
                self._lost += 1
                return
            told = self._lines_lost(self._lost) + b"\n" if self._lost else b""
            self._rest, self._lost = told + line + b"\n", 0
            self._write_rest()

    def _write_rest(self) -> bool:
        """Return False when a part is still to be written, so that the next line does not begin inside this one."""
        try:
            while self._rest:
                self._behind = not self._has_room()
                if self._behind:
                    return False
                # A raw stream may take less than it was given, and returns how much; None when it would have to wait.
                written = self._stream.write(self._rest if self._room is None else self._rest[:_PIECE_BYTES])
                if not written:
                    return False
                self._rest = self._rest[written:]
            self._stream.flush()
        except (OSError, ValueError):
            self._rest = b""
        return True

    def _has_room(self) -> bool:
        return self._room is None or bool(self._room.poll(0 if self._behind else _WAIT_MILLISECONDS))


def _room_of(stream: BinaryIO) -> "select.poll | None":
    """What shows whether a pipe, socket or terminal takes more; None for files, which always do."""
    try:
        file = stream.fileno()
        if stat.S_ISREG(os.fstat(file).st_mode):
            return None
    except (OSError, ValueError):
        return None
    room = select.poll()
    room.register(file, select.POLLOUT)
    return room


class _Logger:
    """What structlog passes finished lines to."""

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
    """Emits the records of standard logging as events of the same form."""

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
    """Standard output without Python's buffer, which would fail once more when the program ends."""
    try:
        return open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
    except (OSError, ValueError):
        return sys.stdout.buffer
