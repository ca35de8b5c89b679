"""The Redis server of the tests: it answers, forgets, fills up, can be killed and comes back empty."""

import socket
from collections.abc import Iterator

import pytest

from tests.servers import guard
from tests.servers.fixtures import started
from tests.servers.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    server = started(lambda: RedisServer(password="tests-only", maxmemory=8 * 1024 * 1024))
    yield server
    server.close()


def test_it_keeps_until_it_is_flushed(redis_server: RedisServer) -> None:
    assert redis_server.command("SET", "key", "value") == "+OK"
    redis_server.flush()
    assert redis_server.command("DBSIZE") == ":0"


def test_it_comes_back_empty_after_it_was_killed(server: RedisServer) -> None:
    server.command("SET", "key", "value")
    members = guard.tree(server.pid)
    server.kill()
    assert not set(members) & guard.process_table().keys()
    with pytest.raises(ConnectionRefusedError):
        server.command("PING")
    server.start()
    assert server.command("DBSIZE") == ":0"


def test_a_frozen_server_answers_after_the_thaw(server: RedisServer) -> None:
    server.freeze()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"PING\r\n")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        server.thaw()
        connection.settimeout(20)
        assert b"NOAUTH" in connection.recv(100)


def test_a_full_server_refuses_writes(server: RedisServer) -> None:
    answers = {server.command("SET", f"key-{number}", "x" * 1024 * 1024) for number in range(10)}
    assert "+OK" in answers
    assert any(answer.startswith("-OOM") for answer in answers)
