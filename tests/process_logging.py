"""Logging is process-wide: a test that configures it gives back what it found."""

import logging
from collections.abc import Iterator

import pytest
import structlog

_LOGGERS = (
    "bukhindor.adapters.sql",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "bukhindor",
    "sqlalchemy",
    "alembic.runtime.plugins",
)


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
