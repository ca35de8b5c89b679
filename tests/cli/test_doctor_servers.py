"""bukhindor doctor over PostgreSQL and Redis."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bukhindor.adapters.redis.inspection import RedisState
from bukhindor.adapters.sql.postgres.inspection import PostgresState
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.schema_version import Version, head, revisions
from bukhindor.cli.checks import postgres, redis
from bukhindor.cli.findings import State
from bukhindor.config.database_url import parse_postgres_url
from bukhindor.config.redis_url import redis_server
from tests.cli.conftest import Command
from tests.cli.test_doctor import OTHER_SECRET, SECRET, examined
from tests.fakes.seal import FakeSeal
from tests.makers import T0, make_queued_mail
from tests.servers.fixtures import opened
from tests.servers.pgbouncer import LETS_SETTINGS_PASS, PgBouncer
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.redis import RedisServer

AFAR = "postgresql://accounts:hunter22@db.example.com/accounts"


@pytest.fixture
def database(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, unhurried: None) -> str:
    """The name of an empty database, which DATABASE_URL leads to."""
    name = asyncio.run(postgres_server.create_database())
    monkeypatch.setenv("DATABASE_URL", postgres_server.url(name))
    monkeypatch.setenv("JWT_SECRET", SECRET)
    return name


@pytest.fixture
def migrated(bukhindor: Command, database: str) -> str:
    assert bukhindor("migrate", "up").exit_code == 0
    assert bukhindor("keys", "rotate").exit_code == 0
    return database


def test_every_check_of_a_good_database_is_well(
    bukhindor: Command,
    migrated: str,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    code, found = examined(bukhindor)
    assert code == 0
    assert list(found) == [
        "program",
        "python",
        "configuration",
        "database",
        "database encryption",
        "database letters",
        "database search",
        "schema",
        "database connections",
        "database durability",
        "database clock",
        "signing keys",
        "redis",
        "redis memory",
        "mail",
        "clock",
    ]
    # The server of the tests does not wait for a disk, and knows no letters, by configuration.
    unusual = {"database durability", "database letters", "database search"}
    assert {check for check, finding in found.items() if finding["state"] != "ok"} == unusual
    assert found["database letters"]["found"].startswith("LC_CTYPE is C: the server knows letters of ASCII only")
    assert found["database search"]["found"].startswith("pg_trgm is missing")
    assert found["database"]["found"].startswith(
        f"postgresql://127.0.0.1:{postgres_server.port}/{migrated} is PostgreSQL "
    )
    assert found["schema"]["found"].startswith(head())
    assert "DATABASE_POOL_SIZE 10, WORKERS 1" in found["database connections"]["found"]
    assert "there is room for 19 servers" in found["database connections"]["found"]
    assert found["signing keys"]["found"] == "1 kept, one of them signs"
    assert found["redis"]["found"].startswith(f"redis://127.0.0.1:{redis_server.port}/0 (")
    assert found["redis memory"]["found"] == "no limit, maxmemory-policy noeviction; nothing is dropped before its time"
    assert not Path("data").exists()


def test_a_schema_that_is_missing_old_or_new_is_a_problem_with_advice(
    bukhindor: Command, database: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = examined(bukhindor)
    assert (code, found["schema"]["state"]) == (1, "problem")
    assert "there is none yet" in found["schema"]["found"]
    assert found["schema"]["advice"] == "Run `bukhindor migrate up`"
    assert "signing keys" not in found
    monkeypatch.setenv("MIGRATE_ON_START", "true")
    code, found = examined(bukhindor)
    assert (code, found["schema"]["state"]) == (0, "warning")
    monkeypatch.delenv("MIGRATE_ON_START")
    assert bukhindor("migrate", "up").exit_code == 0
    since = revisions()[0]
    for revision, serves_since, state, told in (
        (since, since, "problem", f"{since} is too old"),
        ("9999", "9999", "problem", "9999 is unknown"),
        ("9999", head(), "ok", "9999, newer than this program, which it still serves"),
    ):
        change = (
            f"UPDATE alembic_version SET version_num = '{revision}';"
            f"UPDATE schema_compatibility SET serves_since = '{serves_since}'"
        )
        asyncio.run(postgres_server.execute(change, database))
        code, found = examined(bukhindor)
        assert (code, found["schema"]["state"]) == (int(state == "problem"), state)
        assert told in found["schema"]["found"]
        assert ("signing keys" in found) == (state == "ok")


async def test_keys_that_no_secret_opens_and_mails_that_wait_are_seen(
    bukhindor: Command, migrated: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PostgresTransactions(parse_postgres_url(postgres_server.url(migrated)), size=1, seal=FakeSeal())
    async with store.begin() as tx:
        await tx.outbox.add(make_queued_mail())
        await tx.outbox.add(make_queued_mail(failed_at=T0))
        await tx.commit()
    await store.close()
    monkeypatch.setenv("JWT_SECRET", OTHER_SECRET)
    code, found = await asyncio.to_thread(examined, bukhindor)
    assert (code, found["signing keys"]["found"]) == (1, "JWT_SECRET opens none of them")
    assert found["mail queue"]["found"] == "1 wait, 1 were given up"


@pytest.mark.usefixtures("migrated")
def test_more_connections_than_there_are_is_a_problem(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "50")
    monkeypatch.setenv("WORKERS", "3")
    code, found = examined(bukhindor)
    assert (code, found["database connections"]["state"]) == (0, "warning")
    assert "rolling restart" in found["database connections"]["advice"]
    assert (found["redis"]["state"], "each of 3 workers" in found["redis"]["found"]) == ("warning", True)
    monkeypatch.setenv("WORKERS", "4")
    code, found = examined(bukhindor)
    assert (code, found["database connections"]["state"]) == (1, "problem")
    assert "up to 200 from here" in found["database connections"]["found"]
    monkeypatch.setenv("WORKERS", "1")
    assert examined(bukhindor)[1]["redis"]["state"] == "ok"


def test_a_database_that_can_only_be_read_is_a_problem(
    bukhindor: Command, migrated: str, postgres_server: PostgresServer
) -> None:
    asyncio.run(postgres_server.execute(f'ALTER DATABASE "{migrated}" SET default_transaction_read_only = on'))
    code, found = examined(bukhindor)
    assert (code, found["database"]["state"]) == (1, "problem")
    assert found["database"]["found"].endswith("is read-only")


@pytest.mark.parametrize(
    ("pooling", "option", "is_forgotten"),
    [
        ({"pool_mode": "transaction"}, "?pgbouncer=true", False),
        ({"pool_mode": "transaction"}, "", True),
        ({"pool_mode": "transaction"} | LETS_SETTINGS_PASS, "", True),
        ({"pool_mode": "session"}, "", True),
        ({"pool_mode": "session"} | LETS_SETTINGS_PASS, "?pgbouncer=false", False),
    ],
)
def test_a_pooler_in_between_is_looked_through_and_named_when_the_address_does_not(
    bukhindor: Command,
    migrated: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    pooling: dict[str, str],
    option: str,
    is_forgotten: bool,
) -> None:
    pooler = opened(lambda: PgBouncer(postgres_server, settings=pooling))
    try:
        pooler.start()
        monkeypatch.setenv("DATABASE_URL", f"{pooler.url(migrated)}{option}")
        code, found = examined(bukhindor)
    finally:
        pooler.close()
    assert code == 0
    assert found["schema"]["state"] == found["signing keys"]["state"] == "ok"
    assert ("by way of a pooler" in found["database connections"]["found"]) == (option != "?pgbouncer=false")
    assert ("database pooler" in found) == is_forgotten
    if is_forgotten:
        assert found["database pooler"]["state"] == "warning"
        assert "share its connections between clients" in found["database pooler"]["found"]
        assert found["database pooler"]["advice"].startswith("Add pgbouncer=true to DATABASE_URL")


@pytest.mark.usefixtures("migrated")
def test_a_database_that_is_away_or_refuses_is_reported_without_a_password(
    bukhindor: Command, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-03"""
    monkeypatch.setenv("DATABASE_URL", "postgresql://accounts:hunter22@127.0.0.1:1/accounts")
    monkeypatch.setenv("REDIS_URL", "redis://counter:hunter33@127.0.0.1:1/0")
    code, found = examined(bukhindor)
    assert (code, found["database"]["state"], found["redis"]["state"]) == (1, "problem", "problem")
    assert found["database"]["found"].startswith("postgresql://127.0.0.1:1/accounts can't be used: ")
    assert found["redis"]["found"] == "redis://127.0.0.1:1/0: the server can't be reached"
    assert "hunter" not in str(found)
    monkeypatch.setenv("DATABASE_URL", postgres_server.url("postgres", password="hunter22"))
    code, found = examined(bukhindor)
    assert (code, "password authentication failed" in found["database"]["found"]) == (1, True)
    assert "hunter" not in str(found)
    assert PASSWORD not in str(found)


@pytest.fixture
def guarded(unhurried: None) -> Iterator[RedisServer]:
    """A Redis server with a password, little memory, and a policy that drops keys."""
    server = opened(
        lambda: RedisServer(password="hunter33", maxmemory=64 * 2**20, settings={"maxmemory-policy": "volatile-ttl"})
    )
    server.start()
    yield server
    server.close()


def test_what_redis_tells_of_itself_and_what_a_login_may_not_ask(
    bukhindor: Command, guarded: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", guarded.url)
    code, found = examined(bukhindor)
    assert (code, found["redis"]["state"], found["redis memory"]["state"]) == (0, "ok", "warning")
    assert found["redis memory"]["found"].endswith("of 64, maxmemory-policy volatile-ttl")
    assert "redis login" not in found
    guarded.command("ACL", "SETUSER", "counter", "on", ">hunter44", "~bukhindor:*", "+@all", "-info")
    monkeypatch.setenv("REDIS_URL", f"redis://counter:hunter44@127.0.0.1:{guarded.port}/0")
    code, found = examined(bukhindor)
    assert (code, found["redis"]["state"], "redis memory" in found) == (0, "ok", False)
    guarded.command("ACL", "SETUSER", "counter", "-eval", "-evalsha")
    code, found = examined(bukhindor)
    assert (code, found["redis"]["state"]) == (1, "problem")
    assert "may not run" in found["redis"]["found"]
    monkeypatch.setenv("REDIS_URL", f"redis://:wrong@127.0.0.1:{guarded.port}/0")
    code, found = examined(bukhindor)
    assert (code, "requires a login" in found["redis"]["found"]) == (1, True)
    assert "hunter" not in str(found)


STATE = PostgresState(
    "17.4", False, "TLSv1.3", False, False, True, "C.UTF-8", True, 97, 3, timedelta(), Version(head())
)


def test_a_network_without_encryption_is_a_warning_and_this_machine_needs_none() -> None:
    checked = parse_postgres_url(f"{AFAR}?sslmode=verify-full")
    found = postgres.encryption(checked, STATE)
    assert (found.state, found.found) == (State.OK, "TLSv1.3, the server's certificate is checked")
    assert "not checked" in postgres.encryption(parse_postgres_url(f"{AFAR}?sslmode=require"), STATE).found
    for tls in ("", None):
        found = postgres.encryption(parse_postgres_url(AFAR), replace(STATE, tls=tls))
        assert (found.state, "db.example.com" in found.found) == (State.WARNING, True)
        assert "sslmode=verify-full" in found.advice
        here = parse_postgres_url("postgresql://a:b@localhost/accounts")
        assert postgres.encryption(here, replace(STATE, tls=tls)).state is State.OK


def test_a_binding_that_the_driver_can_not_do_is_a_warning_unless_the_certificate_is_checked() -> None:
    for mode, state in (("require", State.WARNING), ("verify-full", State.OK)):
        address = parse_postgres_url(f"{AFAR}?sslmode={mode}&channel_binding=require")
        assert postgres.encryption(address, STATE).state is state


@pytest.mark.parametrize(
    ("letters", "has_trigrams", "states"),
    [
        ("C.UTF-8", True, [State.OK, State.OK]),
        ("", True, [State.OK, State.OK]),
        ("kk_KZ.UTF-8", False, [State.OK, State.WARNING]),
        ("C", True, [State.WARNING, State.OK]),
        ("POSIX", False, [State.WARNING, State.WARNING]),
    ],
)
def test_what_a_search_needs_of_the_server_is_named(letters: str, has_trigrams: bool, states: list[State]) -> None:
    found = list(postgres.letters(replace(STATE, letters=letters, has_trigrams=has_trigrams)))
    assert [finding.state for finding in found] == states


def test_a_standby_is_a_problem() -> None:
    found = postgres.database(parse_postgres_url(AFAR), replace(STATE, is_standby=True, is_read_only=True))
    assert (found.state, "a read-only standby" in found.found) == (State.PROBLEM, True)
    assert "target_session_attrs" in found.advice


@pytest.mark.parametrize(
    ("seconds", "state", "told"),
    [(0.2, "ok", "200 ms"), (-3, "warning", "3 seconds behind"), (90, "problem", "90 seconds ahead of")],
)
def test_clocks_that_disagree_are_reported(seconds: float, state: str, told: str) -> None:
    found = postgres.server_clock(replace(STATE, clock_ahead=timedelta(seconds=seconds)))
    assert (found.state, told in found.found) == (state, True)


def test_a_redis_that_is_slow_full_or_far_is_a_warning() -> None:
    server = redis_server("redis://:hunter33@cache.example.com")
    assert redis.reached(server, RedisState(0.001, "8.0")).state is State.OK
    assert redis.reached(server, RedisState(0.04, "8.0")).state is State.WARNING
    full = redis.memory(RedisState(0.001, "8.0", "noeviction", 95, 100))
    assert (full.state, "each process counts alone" in full.advice) == (State.WARNING, True)
    dropped = redis.memory(RedisState(0.001, "8.0", "allkeys-lru", 95, 100, 7))
    assert (dropped.state, "7 keys were dropped" in dropped.found) == (State.WARNING, True)
    may_drop = redis.memory(RedisState(0.001, "8.0", "allkeys-lru", 5, 100))
    assert (may_drop.state, "noeviction" in may_drop.advice) == (State.WARNING, True)
    assert redis.memory(RedisState(0.001, "8.0", "allkeys-lru", 5)).state is State.OK


def test_a_login_over_a_network_in_clear_is_a_warning() -> None:
    (found,) = redis.login(redis_server("redis://:hunter33@cache.example.com"))
    assert (found.state, found.found) == (State.WARNING, "the password travels in clear to cache.example.com")
    assert list(redis.login(redis_server("rediss://:hunter33@cache.example.com"))) == []
