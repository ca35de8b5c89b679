"""The nginx of the tests: it serves a given configuration, takes another one, and says what is wrong with a third."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.servers.fixtures import opened
from tests.servers.nginx import NginxServer
from tests.servers.processes import ServerFailed


@pytest.fixture
def nginx() -> Iterator[NginxServer]:
    server = opened(NginxServer)
    yield server
    server.close()


def answer_of(nginx: NginxServer) -> str:
    return httpx.get(nginx.url, timeout=20).text


def says(nginx: NginxServer, text: str) -> str:
    return f'server {{ listen 127.0.0.1:{nginx.port}; location / {{ return 200 "{text}"; }} }}'


def test_it_serves_reloads_and_comes_back(nginx: NginxServer) -> None:
    nginx.start(says(nginx, "first"))
    assert answer_of(nginx) == "first"
    nginx.reload(says(nginx, "second"))
    deadline = time.monotonic() + 20
    while answer_of(nginx) != "second":
        assert time.monotonic() < deadline
    nginx.kill()
    with pytest.raises(httpx.ConnectError):
        httpx.get(nginx.url)
    nginx.start(f"pid {nginx.process.folder}/own.pid;\nevents {{}}\nhttp {{\n{says(nginx, 'third')}\n}}")
    assert answer_of(nginx) == "third"


def test_an_invalid_configuration_is_named(nginx: NginxServer) -> None:
    with pytest.raises(ServerFailed, match='unknown directive "nonsense"'):
        nginx.check("nonsense on;")
