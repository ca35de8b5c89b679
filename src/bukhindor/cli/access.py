"""What a command works on: the settings, and the services, also while a server is running."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from bukhindor.config import Settings
from bukhindor.services.assembly import Services

_T = TypeVar("_T")


def read_settings(options: Mapping[str, str | int | None] | None = None) -> Settings:
    """The settings of this process; command-line options that are not None replace their variables.

    Raises ConfigurationError.
    """
    given = {variable: str(value) for variable, value in (options or {}).items() if value is not None}
    return Settings.read({**os.environ, **given}, Path(".env"))


def with_services(work: Callable[[Services], Awaitable[_T]]) -> _T:
    """Run `work` with the services open; log lines go to standard error meanwhile."""
    from bukhindor.adapters.system.log_output import configure_logging
    from bukhindor.bootstrap.application import open_services

    settings = read_settings()
    configure_logging("warning", "console", sys.stderr.buffer)
    # What the store logs is what the command refuses with.
    logging.getLogger("bukhindor.adapters.sql").setLevel(logging.CRITICAL)

    async def run() -> _T:
        async with open_services(settings) as services:
            return await work(services)

    return asyncio.run(run())
