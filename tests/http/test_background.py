"""What a running service does by itself, and how that ends"""

import asyncio
from types import SimpleNamespace
from typing import Any

from bukhindor.bootstrap.background import background_tasks


class Deaf:
    """Work that misses the wish to end, as a driver does whose answer comes at that very moment."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.turns = 0

    async def work(self) -> None:
        self.turns += 1
        self.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return


async def nothing() -> None:
    """No upkeep in this test."""


async def test_the_end_is_not_missed() -> None:
    """REL-30: a service that was told to stop stops."""
    idle: Any = SimpleNamespace(load=nothing, purge=nothing, deliver_due=nothing)
    services: Any = SimpleNamespace(signing_key_ring=idle, upkeep=idle, mail_delivery=idle)
    deaf = Deaf()
    async with asyncio.timeout(5), background_tasks(services, ("deaf", 0.0, deaf.work)):
        await deaf.begun.wait()
    assert deaf.turns == 1
