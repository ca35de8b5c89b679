"""The limiter and a server that accepts and stays silent: no caller waits for long, and soon none waits at all.

REL-12, REL-15.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from statistics import median

import pytest

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from tests.adapters.redis.limiters import EIGHT, PLENTY, STRICT_HITS, limiter_at, opened, passed, started, until
from tests.servers.redis import RedisServer

ANN = "ann@example.com"
BUDGET = 0.5


async def seconds_of(limiter: RedisRateLimiter, times: int) -> list[float]:
    """How long so many calls took, one after the other."""
    seconds = []
    for number in range(times):
        began = time.monotonic()
        await limiter.take(EIGHT, f"key-{number}")
        seconds.append(time.monotonic() - began)
    return seconds


async def nobody_waits(limiter: RedisRateLimiter) -> bool:
    """Whether an open breaker costs next to nothing, but for moments when the machine does something else."""
    return median(await seconds_of(limiter, 100)) < 0.01


async def test_a_server_that_stands_still_is_waited_for_three_times_and_no_more(server: RedisServer) -> None:
    """REL-12: connections stay open and nothing answers. Then an open breaker costs less than a millisecond."""
    limiter = await opened(limiter_at(server.url, budget=BUDGET))
    server.freeze()
    assert median(await seconds_of(limiter, 3)) < 2 * BUDGET
    await until(limiter.is_degraded)
    assert await nobody_waits(limiter)
    assert limiter.problem() == "the server does not respond in time"
    assert await passed(limiter, 9) == STRICT_HITS
    server.thaw()
    assert await until(lambda: not limiter.is_degraded()) < 10
    assert await passed(limiter, 9) == EIGHT.hits
    await limiter.close()


@pytest.fixture(params=["accepts and is silent", "does not accept"])
def black_hole(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of something that listens and never answers; with a full queue, connecting hangs too."""
    with contextlib.ExitStack() as sockets:
        hole = sockets.enter_context(socket.socket())
        hole.bind(("127.0.0.1", 0))
        accepts = request.param == "accepts and is silent"
        hole.listen(100 if accepts else 0)
        for _ in range(0 if accepts else 3):
            filling = sockets.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(hole.getsockname())
        yield f"redis://127.0.0.1:{hole.getsockname()[1]}"


async def test_a_black_hole_swallows_no_caller(black_hole: str) -> None:
    """REL-12, REL-15: no caller waits longer than the budget, and every response is the strict limit's."""
    limiter = limiter_at(black_hole, budget=BUDGET)
    began = time.monotonic()
    answers = await asyncio.gather(*(limiter.take(EIGHT, ANN) for _ in range(50)), return_exceptions=True)
    # One after the other over eight connections they would wait seven times as long.
    assert time.monotonic() - began < 6 * BUDGET
    assert answers.count(None) == STRICT_HITS
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 50 - STRICT_HITS
    assert max(await seconds_of(limiter, 2)) < 6 * BUDGET
    await until(limiter.is_degraded)
    assert await nobody_waits(limiter)
    await limiter.close()


async def test_a_black_hole_does_not_keep_the_service_from_its_start(black_hole: str) -> None:
    """REL-12: it is degraded from the start, a second later, whatever else a connection may take."""
    began = time.monotonic()
    async with started(black_hole) as limiter:
        assert time.monotonic() - began < PLENTY / 2
        assert limiter.is_degraded()
