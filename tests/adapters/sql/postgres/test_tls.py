"""sslmode in DATABASE_URL: what is encrypted, and whose certificate is good enough."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.postgres.inspection import inspect
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.config.database_url import parse_database_url, parse_postgres_url
from bukhindor.domain.errors import StoreUnavailable
from tests.adapters.conftest import PATIENT
from tests.fakes.seal import FakeSeal
from tests.servers.certificate import Certificate
from tests.servers.postgres import PostgresServer
from tests.servers.tls_front import TlsFront


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate.make(tmp_path)


@pytest.fixture
async def front(postgres_server: PostgresServer, certificate: Certificate) -> AsyncIterator[TlsFront]:
    async with TlsFront(postgres_server.port, certificate.server()) as front:
        yield front


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The URL of an empty database without what follows its host."""
    name = await postgres_server.create_database()
    yield postgres_server.url(name)
    await postgres_server.drop_database(name)


def by_way_of(front: TlsFront, database: str, server: PostgresServer, host: str, options: str) -> str:
    return database.replace(f"127.0.0.1:{server.port}", f"{host}:{front.port}") + options


async def is_served(url: str) -> bool:
    """Whether a store finds its schema there."""
    store = PostgresTransactions(parse_postgres_url(url), size=2, seal=FakeSeal(), patience=PATIENT)
    try:
        return await store.has_right_schema()
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("localhost", "?sslmode=verify-full&sslrootcert={file}"),
        ("127.0.0.1", "?sslmode=verify-ca&sslrootcert={file}"),
        ("127.0.0.1", "?sslmode=require"),
    ],
)
async def test_everything_goes_encrypted_to_a_server_that_is_good_enough(
    front: TlsFront, database: str, postgres_server: PostgresServer, certificate: Certificate, host: str, options: str
) -> None:
    """Migrations, the service and doctor alike. `require` checks no certificate, `verify-ca` no name."""
    url = by_way_of(front, database, postgres_server, host, options.format(file=certificate.file))
    await asyncio.to_thread(schema.upgrade, parse_database_url(url))
    migrated = front.encrypted
    assert migrated > 0
    assert await is_served(url)
    assert front.encrypted > migrated
    state = await asyncio.to_thread(inspect, parse_postgres_url(url), 20.0, lambda: datetime.now(UTC))
    assert state.schema is not None
    assert state.schema.serves_us


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("127.0.0.1", "?sslmode=verify-full&sslrootcert={file}"),
        ("localhost", "?sslmode=verify-full&sslrootcert={other}"),
        ("localhost", "?sslmode=verify-ca&sslrootcert={other}"),
        ("localhost", "?sslmode=verify-full"),
        ("localhost", "?sslmode=verify-full&sslrootcert=system"),
        ("localhost", "?sslmode=disable"),
    ],
    ids=["for another name", "another authority", "any name of another authority", "of the system", "system", "clear"],
)
async def test_a_server_that_may_be_another_one_learns_nothing(
    front: TlsFront,
    database: str,
    postgres_server: PostgresServer,
    certificate: Certificate,
    tmp_path: Path,
    host: str,
    options: str,
) -> None:
    """It is as if it were away; the inspection names the reason."""
    (tmp_path / "other").mkdir()
    other = Certificate.make(tmp_path / "other")
    files = options.format(file=certificate.file, other=other.file)
    url = by_way_of(front, database, postgres_server, host, files)
    with pytest.raises(StoreUnavailable):
        await is_served(url)
    with pytest.raises(DatabaseUnusable) as refusal:
        await asyncio.to_thread(schema.upgrade, parse_database_url(url))
    assert "disable" in options or "certificate verify failed" in str(refusal.value)
    with pytest.raises(DatabaseUnusable):
        await asyncio.to_thread(inspect, parse_postgres_url(url), 20.0, lambda: datetime.now(UTC))


async def test_without_a_file_the_roots_of_the_system_are_trusted(
    front: TlsFront,
    database: str,
    postgres_server: PostgresServer,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As most hosted databases want it; the driver alone would ask for a file in the user's home, and fail."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    url = by_way_of(front, database, postgres_server, "localhost", "?sslmode=verify-full")
    await asyncio.to_thread(schema.upgrade, parse_database_url(url))
    assert await is_served(url)


async def test_a_client_certificate_goes_along(
    database: str, postgres_server: PostgresServer, certificate: Certificate
) -> None:
    """A server that asks for one refuses clients without it."""
    demanding = certificate.server()
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(certificate.file)
    options = f"?sslmode=verify-full&sslrootcert={certificate.file}"
    async with TlsFront(postgres_server.port, demanding) as front:
        without = by_way_of(front, database, postgres_server, "localhost", options)
        with pytest.raises(StoreUnavailable):
            await is_served(without)
        assert front.encrypted == 0
        await asyncio.to_thread(
            schema.upgrade, parse_database_url(f"{without}&sslcert={certificate.file}&sslkey={certificate.file}")
        )
        assert await is_served(f"{without}&sslcert={certificate.file}&sslkey={certificate.file}")


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "the file of sslrootcert can't be read: No such file"),
        ("sslmode=require&sslcert=/nowhere/client.pem", "the file of sslcert can't be read: No such file"),
        ("sslmode=require&sslrootcert=system", "the file of sslrootcert can't be read: No such file"),
        ("sslmode=verify-ca&sslrootcert=/dev/null", "must hold certificates"),
    ],
)
def test_a_file_without_a_certificate_is_reported_at_the_start(option: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refusal:
        parse_database_url(f"postgresql://ann:hunter22@db/app?{option}")
    assert "hunter22" not in str(refusal.value)
