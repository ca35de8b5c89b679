"""A mail server to send to, and its certificate."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.smtp.sink import Sink, serving
from tests.servers.certificate import Certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A server without TLS and login."""
    async with serving(Sink()) as served:
        yield served
