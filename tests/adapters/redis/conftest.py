"""A server that a test may ill-treat, and a limiter over it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from tests.adapters.redis.limiters import limiter_at, opened
from tests.servers.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of the test's own."""
    server = RedisServer()
    server.start()
    yield server
    server.close()


@pytest.fixture
async def limiter(server: RedisServer) -> AsyncIterator[RedisRateLimiter]:
    limiter = await opened(limiter_at(server.url))
    yield limiter
    await limiter.close()
