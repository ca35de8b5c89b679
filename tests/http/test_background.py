"""What a running service does by itself, and how that ends"""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from bukhindor.bootstrap.background import background_tasks


class Deaf:
    """Work that misses the wish to end, as a driver does whose response comes at that very moment."""

    def __init__(self, then_waits: float = 0.0) -> None:
        self.begun = asyncio.Event()
        self.turns = 0
        self._then_waits = then_waits

    async def work(self) -> None:
        self.turns += 1
        self.begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(self._then_waits)


async def nothing() -> None:
    """No upkeep in this test."""


async def finish(seconds: float) -> None:
    """No mail is under way."""


@pytest.mark.parametrize("then_waits", [0.0, 60.0])
async def test_the_end_is_not_missed(then_waits: float) -> None:
    """REL-30: a service that is stopped ends, even if its mail server accepts at that moment and is silent."""
    idle: Any = SimpleNamespace(load=nothing, purge=nothing, withdraw_due=nothing, deliver_due=nothing, finish=finish)
    services: Any = SimpleNamespace(signing_key_ring=idle, upkeep=idle, provider_withdrawals=idle, mail_delivery=idle)
    deaf = Deaf(then_waits)
    async with asyncio.timeout(20), background_tasks(services, ("deaf", 0.0, deaf.work)):
        await deaf.begun.wait()
    assert deaf.turns == 1
