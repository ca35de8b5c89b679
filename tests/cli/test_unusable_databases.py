"""A database that can't be used: every command says in one line where it is, why, and what to do."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.cli.test_doctor import SECRET, examined
from tests.cli.test_processes import PROGRAM
from tests.servers.postgres import PASSWORD, USER, PostgresServer
from tests.servers.processes import free_port

COMMANDS = (("migrate", "up"), ("migrate", "status"), ("users", "list"), ("keys", "list"))
KAZAKH = "Қайрат Ғабитұлы"


@pytest.fixture
def server(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, unhurried: None) -> PostgresServer:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    return postgres_server


@pytest.fixture
def database(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty database, which DATABASE_URL leads to."""
    name = asyncio.run(server.create_database())
    monkeypatch.setenv("DATABASE_URL", server.url(name))
    return name


def refusals(bukhindor: Command, *commands: tuple[str, ...]) -> Iterator[str]:
    """What commands say on standard error, and what doctor finds; each of them is one line and holds no password."""
    for command in commands:
        refused = bukhindor(*command)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1), refused.stderr
        assert "hunter22" not in refused.stderr
        assert PASSWORD not in refused.stderr
        yield refused.stderr.rstrip("\n")
    code, found = examined(bukhindor)
    assert (code, found["database"]["state"]) == (1, "problem")
    yield f"{found['database']['found']}. {found['database']['advice']}."


def test_a_wrong_password(bukhindor: Command, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", server.url("postgres", password="hunter22"))
    for text in refusals(bukhindor, *COMMANDS):
        assert text.startswith(f"postgresql://127.0.0.1:{server.port}/postgres can't be ")
        assert text.endswith(
            'the server refuses the login: password authentication failed for user "bukhindor". '
            "Correct user and password in DATABASE_URL."
        )


def test_a_missing_database(bukhindor: Command, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", server.url("acounts"))
    for text in refusals(bukhindor, *COMMANDS):
        assert text.startswith(f"postgresql://127.0.0.1:{server.port}/acounts can't be ")
        assert text.endswith(
            'there is no database "acounts". Create it, `createdb --owner bukhindor acounts`, '
            "or correct its name in DATABASE_URL."
        )


def test_a_server_that_is_not_there(bukhindor: Command, server: PostgresServer, monkeypatch: Any) -> None:
    port = free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ann:hunter22@127.0.0.1:{port}/accounts")
    for text in refusals(bukhindor, *COMMANDS):
        assert text.startswith(f"postgresql://127.0.0.1:{port}/accounts can't be ")
        assert text.endswith("nothing listens there. Start the server, or correct host and port in DATABASE_URL.")


def test_rights_that_were_not_granted(
    bukhindor: Command, server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right to create tables, and one to read them."""
    asyncio.run(server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database))
    asyncio.run(server.execute(f'ALTER DATABASE "{database}" OWNER TO postgres'))
    assert next(refusals(bukhindor, ("migrate", "up"))).startswith(
        f"postgresql://127.0.0.1:{server.port}/{database} can't be migrated, nothing was changed: "
        'the user "bukhindor" lacks a right: permission denied for schema public. Make it the owner, '
        f'`ALTER DATABASE "{database}" OWNER TO "bukhindor"`'
    )
    asyncio.run(server.execute(f'ALTER DATABASE "{database}" OWNER TO {USER}'))
    assert bukhindor("migrate", "up").exit_code == 0
    asyncio.run(server.execute(f"REVOKE ALL ON signing_keys, users FROM {USER}", database))
    lacks = f'{database} can\'t be used: the user "bukhindor" lacks a right: permission denied for table '
    for text in refusals(bukhindor, ("users", "list"), ("keys", "list")):
        assert lacks in text


def test_an_empty_database_lacks_its_schema(bukhindor: Command, server: PostgresServer, database: str) -> None:
    for command in (("users", "list"), ("keys", "rotate")):
        refused = bukhindor(*command)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr == (
            f"postgresql://127.0.0.1:{server.port}/{database} has no schema yet: run `bukhindor migrate up`.\n"
        )


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1251"])
def test_an_encoding_that_can_not_hold_every_name(
    bukhindor: Command, server: PostgresServer, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """Such a database worked until the first Kazakh name."""
    name = f"in_{encoding.lower()}"
    create = f"CREATE DATABASE {name} OWNER {USER} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
    asyncio.run(server.execute(create))
    monkeypatch.setenv("DATABASE_URL", server.url(name))
    refused = bukhindor("serve", "--port", str(free_port()))
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    for text in (*refusals(bukhindor, *COMMANDS), refused.stderr.rstrip("\n")):
        assert f"/{name} can't be " in text
        assert text.endswith(
            f"its encoding is {encoding}, and this program needs UTF8. Create another database, "
            "`createdb --template template0 --encoding UTF8 --owner bukhindor NAME`, and move the data with pg_dump."
        )


def test_a_database_in_utf8_holds_every_name(bukhindor: Command, database: str) -> None:
    assert bukhindor("migrate", "up").exit_code == 0
    created = bukhindor("users", "create", "--email", "kairat@example.com", "--name", KAZAKH)
    assert created.exit_code == 0, created.stderr
    assert KAZAKH in bukhindor("users", "list", "--json").stdout


@pytest.mark.parametrize(
    ("database", "password", "cause"),
    [
        ("", PASSWORD, "has no schema yet: run `bukhindor migrate up`."),
        ("", "hunter22", "the server refuses the login: password authentication failed for user"),
        ("acounts", PASSWORD, 'there is no database "acounts". Create it, `createdb'),
    ],
)
def test_a_server_says_what_keeps_it_from_its_work(
    server: PostgresServer, database: str, password: str, cause: str
) -> None:
    """It starts all the same, since the database may be usable later."""
    name = database or asyncio.run(server.create_database())
    lines = until_listening(
        DATABASE_URL=server.url(name, password=password), SERVER_PORT=str(free_port()), LOG_FORMAT="json"
    )
    assert '"is_ready":false' in lines[-1].replace(" ", "")
    problems = [line for line in lines if '"error"' in line]
    assert len(problems) == 1
    assert f"postgresql://127.0.0.1:{server.port}/{name} " in problems[0]
    assert cause in json.loads(problems[0])["event"]
    assert PASSWORD not in "".join(lines)
    assert "Traceback" not in "".join(lines)


def until_listening(**environ: str) -> list[str]:
    """What a server writes until it says where it listens."""
    with subprocess.Popen(
        [*PROGRAM, "serve"], env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "listening" in line:
                break
        process.kill()
    return lines
