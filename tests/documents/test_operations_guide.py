"""The guide for operators: what it prints can be run as it is printed, and what it names is there."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from bukhindor.adapters.prometheus.names import DEFINITIONS
from bukhindor.adapters.sql import schema
from bukhindor.config.database_url import parse_database_url
from tests.documents.test_readme_walkthrough import PATIENCE_SECONDS, PRINTED_PORT, newcomers_environment, served
from tests.servers.fixtures import opened, started
from tests.servers.postgres import PASSWORD, USER, PostgresServer
from tests.servers.programs import POSTGRES, environment, locate
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.unmeasured

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
DATABASE_SERVER = "PostgreSQL"
FROM_NOTHING = "PostgreSQL and Redis from nothing"
TWO_ROLES = "The database's password"
OLD_SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
NEW_SECRET = "Zx9Cv8Bn7Mq6We5Rt4Yu3Io2Pa1Sd0Fg"


def chapters() -> dict[str, str]:
    """The text under each title."""
    parts = re.split(r"^#{2,3} (.+)$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def bash(commands: str, folder: Path, environ: dict[str, str]) -> str:
    """What the commands print; they must end well, and complain of nothing."""
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", commands],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_the_commands_for_an_embedded_database_work_as_printed(tmp_path: Path) -> None:
    environ = newcomers_environment(tmp_path) | {"HASH_WORKERS": "1"}
    commands = "".join(
        block
        for title, text in chapters().items()
        if title not in (DATABASE_SERVER, FROM_NOTHING)
        for block in blocks(text, "bash")
    )
    with served(tmp_path, environ) as address:
        said = bash(commands.replace(PRINTED_PORT, address), tmp_path, environ)

    assert said.count("No problem found.") == 2
    assert json.loads((tmp_path / "doctor.json").read_text("utf-8"))["problems"] == 0
    assert "Created admin admin@example.com" in said
    assert said.count('"status":"ok"') == 2
    assert "Nothing to do: the schema is up to date." in said
    assert "Published signing key " in said
    assert "Backed up data/bukhindor.db to bukhindor-backup.db" in said
    assert "Restored rehearsal/bukhindor.db from bukhindor-backup.db: 1 account" in said
    assert len(list((tmp_path / "backups").glob("bukhindor-*Z.db"))) == 1
    assert not (tmp_path / "rehearsal").exists()
    assert unignored(tmp_path) == []


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server whose roles this test may change."""
    server = opened(lambda: PostgresServer(durable=False))
    server.start()
    yield server
    server.close()


def test_the_commands_for_postgresql_work_as_printed(tmp_path: Path, own_postgres: PostgresServer) -> None:
    """REL-26"""
    url = own_postgres.url(asyncio.run(own_postgres.create_database()))
    tools = locate(POSTGRES)
    environ = newcomers_environment(tmp_path) | environment(tools) | {"HASH_WORKERS": "1", "JWT_SECRET": OLD_SECRET}
    environ |= {"DATABASE_URL": url, "RESTORED_URL": own_postgres.url("accounts_restored")}
    create = "users create --email ann@example.com --name Ann"
    bash(f".venv/bin/bukhindor migrate up && .venv/bin/bukhindor {create}", tmp_path, environ)
    chapter = chapters()[DATABASE_SERVER]
    dump, restore = blocks(chapter, "bash")
    (create_database,) = blocks(chapter, "sql")

    bash(dump, tmp_path, environ)
    asyncio.run(own_postgres.execute(create_database))
    said = bash(restore, tmp_path, environ)

    assert (tmp_path / "accounts.dump").stat().st_mode & 0o077 == 0
    assert unignored(tmp_path) == []
    assert "No problem found." in said
    assert "ann@example.com" in said

    make_twin, shut = blocks(chapters()[TWO_ROLES], "sql")
    for statement in make_twin.strip().splitlines():
        asyncio.run(own_postgres.execute(statement))
    (password,) = re.findall(r"PASSWORD '(.+)'", make_twin)
    twin = environ | {"DATABASE_URL": url.replace(f"bukhindor:{PASSWORD}", f"bukhindor_b:{password}")}
    asyncio.run(own_postgres.execute(shut))
    said = bash(f".venv/bin/bukhindor doctor && .venv/bin/bukhindor {create.replace('ann', 'bob')}", tmp_path, twin)
    assert "No problem found." in said
    refused = subprocess.run(
        [".venv/bin/bukhindor", "users", "list"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (refused.returncode, "password authentication failed" in refused.stderr) == (1, True)
    undone = bash(".venv/bin/bukhindor migrate down --yes && .venv/bin/bukhindor migrate up", tmp_path, twin)
    assert "Undid " in undone


def test_a_first_postgresql_and_redis_work_as_printed(tmp_path: Path, own_postgres: PostgresServer) -> None:
    """All but the installation, which needs other rights: the servers of this test have the printed settings."""
    chapter = chapters()[FROM_NOTHING]
    _, configure = blocks(chapter, "console")
    redis_lines = dict(line.split(" ", 1) for line in re.findall(r"'(\w[\w-]* [^']+)'", configure))
    assert list(redis_lines) == ["requirepass", "maxmemory", "maxmemory-policy"]
    redis = started(lambda: RedisServer(password=redis_lines.pop("requirepass"), settings=redis_lines))
    environ = newcomers_environment(tmp_path) | {"HASH_WORKERS": "1", "JWT_SECRET": OLD_SECRET}
    try:
        # A server of the tests begins with a role of this name; PostgreSQL itself does not.
        asyncio.run(own_postgres.execute(f"DROP ROLE {USER}"))
        (create,) = blocks(chapter, "sql")
        for statement in create.splitlines():
            asyncio.run(own_postgres.execute(statement))
        (use,) = blocks(chapter, "bash")
        said = bash(use.replace(":5432", f":{own_postgres.port}").replace(":6379", f":{redis.port}"), tmp_path, environ)
        found = json.loads(bash(".venv/bin/bukhindor doctor --json", tmp_path, environ))["checks"]
    finally:
        redis.close()
    assert "No problem found." in said
    states = {check["check"]: check["state"] for check in found}
    asked = ("database", "database letters", "schema", "redis", "redis memory")
    assert [states[check] for check in asked] == ["ok"] * len(asked)
    assert unignored(tmp_path) == []


def unignored(folder: Path) -> list[str]:
    """What commands have written into a project's folder and Git would show as new."""
    ignored = (GUIDE.parents[1] / ".gitignore").read_text("utf-8").splitlines()
    written = {path.name for path in folder.iterdir()} - {".venv", "programs"}
    return sorted(name for name in written if not {name, f"/{name}", f"/{name}/"} & set(ignored))


async def test_the_index_for_parts_of_names_is_used(postgres_server: PostgresServer) -> None:
    """Where the extension can be had; elsewhere `doctor` goes on naming it."""
    name = await postgres_server.create_database()
    await asyncio.to_thread(schema.upgrade, parse_database_url(postgres_server.url(name)))
    connection = await postgres_server.connect(name)
    try:
        can_be_had = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')"
        )
        statements = [] if not can_be_had else blocks(chapters()["Searching many accounts"], "sql")[0].splitlines()
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("SET enable_seqscan = off")
        plan = await connection.fetch("EXPLAIN SELECT id FROM users WHERE search_text LIKE '%part%' ESCAPE '\\'")
        is_used = any("users_search_text_trigrams" in line[0] for line in plan)
        assert is_used is can_be_had
    finally:
        await connection.close()


def test_the_steps_for_replacing_the_secret_end_no_session(tmp_path: Path) -> None:
    environ = newcomers_environment(tmp_path) | {"HASH_WORKERS": "1", "PUBLIC_URL": "http://localhost:8080"}
    person = {"name": "Ann", "email": "ann@example.com", "password": "violet-otter-41"}
    with served(tmp_path, environ | {"JWT_SECRET": OLD_SECRET}) as address:
        post(address, "register", person)
        refresh = post(address, "login", person | {"name": None})
    both = environ | {"JWT_SECRET": f"{NEW_SECRET},{OLD_SECRET}"}
    with served(tmp_path, both) as address:
        refresh = post(address, "refresh", {"refresh_token": refresh})
        bash(".venv/bin/bukhindor keys rotate", tmp_path, both)
        refresh = post(address, "refresh", {"refresh_token": refresh})
    with served(tmp_path, environ | {"JWT_SECRET": NEW_SECRET}) as address:
        assert post(address, "refresh", {"refresh_token": refresh})
        assert "No problem found." in bash(".venv/bin/bukhindor doctor", tmp_path, environ | {"JWT_SECRET": NEW_SECRET})


def post(address: str, action: str, body: Mapping[str, str | None]) -> str:
    """The refresh token of the response, or nothing."""
    content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"http://{address}/api/v1/auth/{action}", content, headers)
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return str(json.load(answer)["user"].get("refresh_token", ""))


def test_every_metric_is_explained_once() -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", chapters()["Metrics"], re.MULTILINE)
    assert {name: re.findall(r"`([a-z]+)`", labels) for name, labels in listed} == {
        definition.name: list(definition.labels) for definition in DEFINITIONS
    }
    assert len(listed) == len(DEFINITIONS)


def test_everything_that_the_guide_points_to_is_there() -> None:
    text = GUIDE.read_text("utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        assert (GUIDE.parent / path).exists(), target
        assert not anchor or anchor in anchors, target
    made_by_the_reader = (GUIDE.parents[1] / ".gitignore").read_text("utf-8").splitlines()
    for place in re.findall(r"`((?:tests|deploy|docs)/[^` ]+)`", text):
        assert os.path.exists(GUIDE.parents[1] / place) or f"/{place}" in made_by_the_reader, place
