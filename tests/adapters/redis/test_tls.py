"""rediss://: the certificate is checked against the roots that the URL names, and for the host's name."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.redis.limiters import EIGHT, STRICT_HITS, limiter_at, opened, passed
from tests.servers.certificate import Certificate
from tests.servers.listening import listening


class CountingServer:
    """Answers each call as if it had been counted, and remembers the commands' names."""

    def __init__(self) -> None:
        self.port = 0
        self.commands: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].decode())
            self.commands.append(words[0])
            writer.write(b"*2\r\n:0\r\n:0\r\n" if words[0] == "EVALSHA" else b"+OK\r\n")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate.make(tmp_path)


@pytest.fixture
async def server(certificate: Certificate) -> AsyncIterator[CountingServer]:
    server = CountingServer()
    async with listening(server.serve, certificate.server()) as server.port:
        yield server


async def test_a_known_certificate_is_enough(server: CountingServer, certificate: Certificate) -> None:
    limiter = await opened(limiter_at(f"rediss://:secret@localhost:{server.port}?ssl_ca_certs={certificate.file}"))
    assert await passed(limiter, 20) == 20
    assert not limiter.is_degraded()
    await limiter.close()
    assert server.commands[:2] == ["AUTH", "EVALSHA"]


@pytest.mark.parametrize("fault", ["unknown", "for another host", "unreadable roots", "no TLS at all"])
async def test_a_server_that_may_be_another_one_learns_nothing(
    server: CountingServer, certificate: Certificate, tmp_path: Path, fault: str
) -> None:
    url = {
        "unknown": f"rediss://:secret@localhost:{server.port}",
        "for another host": f"rediss://:secret@127.0.0.1:{server.port}?ssl_ca_certs={certificate.file}",
        "unreadable roots": f"rediss://:secret@localhost:{server.port}?ssl_ca_certs={tmp_path}/missing.pem",
        "no TLS at all": f"redis://localhost:{server.port}",
    }[fault]
    limiter = limiter_at(url)
    await limiter.open()
    assert limiter.is_degraded()
    assert await passed(limiter, EIGHT.hits) == STRICT_HITS
    await limiter.close()
    assert server.commands == []
