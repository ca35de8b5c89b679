"""Waiting for what will be so, and no longer than it makes sense."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool] | bool], seconds: float, pause: float = 0.01) -> bool:
    """Whether it held within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if await answer if inspect.isawaitable(answer) else answer:
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(pause)
