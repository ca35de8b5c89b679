"""REDIS_URL: what it may say, and that no refusal repeats a password."""

import pytest

from bukhindor.config.redis_url import redis_server


def test_a_host_alone_is_enough() -> None:
    server = redis_server("redis://cache.example.com")
    assert (server.host, server.port, server.database, server.tls) == ("cache.example.com", 6379, 0, False)
    assert (server.user, server.password) == (None, None)


def test_user_and_password_are_percent_decoded_and_never_shown() -> None:
    server = redis_server("rediss://app:p%40ss%2Fw%23rd@10.0.0.5:6380/3?ssl_ca_certs=/etc/ca.pem")
    assert (server.user, server.password, server.port, server.database) == ("app", "p@ss/w#rd", 6380, 3)
    assert server.tls_files == {"ssl_ca_certs": "/etc/ca.pem"}
    assert str(server) == "rediss://10.0.0.5:6380/3"
    assert "p@ss" not in repr(server)


def test_a_password_needs_no_user() -> None:
    server = redis_server("redis://:secret@[::1]/")
    assert (server.user, server.password) == (None, "secret")
    assert str(server) == "redis://[::1]:6379/0"


def test_a_unix_socket_takes_a_login_and_a_database() -> None:
    server = redis_server("unix://app:secret@/run/redis/redis.sock?db=2")
    assert (server.socket, server.host, server.database) == ("/run/redis/redis.sock", "", 2)
    assert (server.user, server.password) == ("app", "secret")
    assert str(server) == "unix:///run/redis/redis.sock?db=2"


@pytest.mark.parametrize(
    ("url", "in_clear"),
    [
        ("redis://:secret@cache.example.com", True),
        ("redis://:secret@10.0.0.5", True),
        ("redis://cache.example.com", False),
        ("rediss://:secret@cache.example.com", False),
        ("redis://:secret@localhost", False),
        ("redis://:secret@127.0.0.1", False),
        ("redis://:secret@[::1]", False),
        ("unix://:secret@/run/redis.sock", False),
    ],
)
def test_a_login_in_clear_is_reported(url: str, in_clear: bool) -> None:
    assert redis_server(url).sends_login_in_clear is in_clear


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://:hunter2@host", "must begin with"),
        ("hunter2", "must begin with"),
        ("redis://[hunter2", "must be of the form"),
        ("redis://", "host"),
        ("redis://:hunter2@", "host"),
        ("redis://:hunter2@ho st", "space"),
        ("redis://:hunt#er2@host", "percent-encoded"),
        ("redis://:hunter2@ho$t", "host"),
        ("redis://:hunter2@host\n", "host|space"),
        ("redis://:hunter2/x@host", "host|port|database"),
        ("redis://hunter2@host", "must follow a colon"),
        ("redis://:hunter2@host:0", "port"),
        ("redis://:hunter2@host:hunter2", "port"),
        ("redis://:hunter2@host:65536", "port"),
        ("redis://:hunter2@host/hunter2", "database"),
        ("redis://:hunter2@host/1/2", "database"),
        ("redis://:hunter2@host/1?db=2", "must be given once"),
        ("redis://:hunter2@host?db=1&db=1", "must be given once"),
        ("redis://:hunter2@host?db=", "empty"),
        ("redis://:hunter2@host?hunter2", "list of option"),
        ("redis://:hunter2@host?password=hunter2", "unknown option"),
        ("rediss://:hunter2@host?ssl_cert_reqs=none", "unknown option"),
        ("redis://:hunter2@host?ssl_ca_certs=/hunter2", "rediss"),
        ("rediss://:hunter2@host?ssl_keyfile=/hunter2", "ssl_certfile"),
        ("unix://:hunter2@host/run/redis.sock", "absolute path"),
        ("unix://:hunter2@/", "absolute path"),
        ("unix://", "absolute path"),
        ("redis://:hunter2@host/" + "1" * 5000, "at most 4096"),
    ],
)
def test_what_cant_be_read_is_refused_without_repeating_it(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        redis_server(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
