"""Migrations go up, down and up again, as a whole or not at all."""

import importlib.util
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bukhindor.adapters.sql import schema, schema_version, tables
from bukhindor.adapters.sql.schema_version import MIGRATIONS, VERSIONS, head, revisions
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.config.database_url import parse_database_url
from bukhindor.domain.folding import sort_key
from tests.fakes.seal import FakeSeal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bukhindor.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


ID = "01900000000070008000000000000001"


def shape_of(path: Path) -> set[tuple[str, str, str]]:
    """Every table and index as SQLite describes it."""
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall())


def rows_of(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_the_names_of_the_files_tell_what_the_migration_tool_tells() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)
    history = [script.revision for script in scripts.walk_revisions()]
    assert list(revisions()) == history[::-1]
    assert scripts.get_heads() == [head()]


def test_an_empty_database_is_brought_up(url: str, path: Path) -> None:
    assert schema.status(parse_database_url(url)) == schema.SchemaStatus(None, head(), revisions())
    assert not path.exists()
    assert schema.upgrade(parse_database_url(url)) == list(revisions())
    assert schema.status(parse_database_url(url)) == schema.SchemaStatus(head(), head(), ())


def test_a_second_time_there_is_nothing_to_do(url: str, path: Path) -> None:
    schema.upgrade(parse_database_url(url))
    before = shape_of(path)
    assert schema.upgrade(parse_database_url(url)) == []
    assert shape_of(path) == before


def test_each_step_of_the_stairway_leads_up_down_and_up(url: str, path: Path) -> None:
    """REL-23: the second way up ends where the first one did."""
    schema.upgrade(parse_database_url(url))
    shapes = [shape_of(path)]
    for steps in range(1, len(revisions()) + 1):
        assert schema.downgrade(parse_database_url(url)) == [revisions()[-steps]]
        shapes.append(shape_of(path))
    assert {name for kind, name, _ in shapes[-1] if kind == "table"} == {"alembic_version"}
    assert schema.status(parse_database_url(url)).current is None
    assert schema.upgrade(parse_database_url(url)) == list(revisions())
    assert shape_of(path) == shapes[0]


def test_what_the_first_schema_held_is_kept_up_and_down(url: str, path: Path) -> None:
    """REL-23: no user has failed, and every session accepts the tokens it has; only what later schemas added goes."""
    schema.upgrade(parse_database_url(url))
    schema.downgrade(parse_database_url(url), steps=len(revisions()) - 1)
    assert schema.status(parse_database_url(url)).current == "0001"
    names = "id, email, name, role, status, email_verified, password_hash, created_at, updated_at, search_text"
    values = f"'{ID}', 'ann@example.com', 'Анна', 'admin', 'active', 1, 'hash', 1, 2, 'анна\nann@example.com'"
    execute(path, f"INSERT INTO users ({names}) VALUES ({values})")
    execute(
        path,
        f"INSERT INTO user_sessions SELECT 'a1', '{ID}', x'00', 1, 1, 1, 1, 1, NULL, NULL, NULL, '', ''",
    )
    execute(path, "INSERT INTO signing_keys VALUES ('kid', 'ES256', '{}', x'00', 1, NULL)")
    session_names = ", ".join(
        str(name) for (name,) in rows_of(path, "SELECT name FROM pragma_table_info('user_sessions')")
    )
    tables_of_0001 = (
        f"SELECT {names} FROM users",
        f"SELECT {session_names} FROM user_sessions",
        "SELECT * FROM signing_keys",
    )
    before = [rows_of(path, query) for query in tables_of_0001]
    first_shape = shape_of(path)

    schema.upgrade(parse_database_url(url))
    assert [rows_of(path, query) for query in tables_of_0001] == before
    assert rows_of(path, "SELECT failed_sign_ins, wrong_codes, last_wrong_code_at FROM users") == [(0, 0, None)]
    assert rows_of(path, "SELECT name_key FROM users") == [(sort_key("Анна"),)]
    assert rows_of(path, "SELECT language, metadata, app_metadata FROM users") == [(None, "{}", "{}")]
    assert rows_of(path, "SELECT oldest_valid_generation, failed_prompts FROM user_sessions") == [(1, 0)]
    execute(
        path,
        f"INSERT INTO one_time_tokens VALUES ('{ID}', 'verify_email', 'a@b.co', x'01', x'02', 1, 2, 0)",
    )
    second_shape = shape_of(path)

    schema.downgrade(parse_database_url(url), steps=len(revisions()) - 1)
    assert [rows_of(path, query) for query in tables_of_0001] == before
    assert shape_of(path) == first_shape
    schema.upgrade(parse_database_url(url))
    assert [rows_of(path, query) for query in tables_of_0001] == before
    assert rows_of(path, "SELECT * FROM one_time_tokens") == []
    assert shape_of(path) == second_shape


def test_going_down_stops_at_the_ground(url: str) -> None:
    schema.upgrade(parse_database_url(url))
    assert schema.downgrade(parse_database_url(url), steps=100) == list(revisions())[::-1]
    assert schema.downgrade(parse_database_url(url)) == []


def test_the_migrated_schema_is_the_one_the_statements_are_written_for(url: str) -> None:
    schema.upgrade(parse_database_url(url))
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_program_is_refused(url: str, path: Path) -> None:
    """REL-25: with a message for people, and untouched."""
    schema.upgrade(parse_database_url(url))
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    execute(path, "UPDATE schema_compatibility SET serves_since = '9999'")
    before = shape_of(path)
    for act in (schema.status, schema.upgrade, schema.downgrade):
        with pytest.raises(SchemaError, match=r"has schema 9999.*newer version"):
            act(parse_database_url(url))
    assert shape_of(path) == before


@pytest.mark.parametrize("version", ["'0000'", "NULL"])
async def test_a_service_over_another_schema_is_not_ready(database: Path, version: str) -> None:
    """REL-25, REL-30."""
    statement = "DELETE FROM alembic_version" if version == "NULL" else "UPDATE alembic_version SET version_num = 0"
    execute(database, statement)
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    assert not await store.has_right_schema()
    await store.close()


def test_a_newer_schema_that_still_serves_this_program_needs_nothing(url: str, path: Path) -> None:
    """REL-25: one can go back to an earlier program; only the newer one can undo what it did."""
    schema.upgrade(parse_database_url(url))
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    before = shape_of(path)
    assert schema.status(parse_database_url(url)) == schema.SchemaStatus("9999", head(), ())
    assert schema.upgrade(parse_database_url(url)) == []
    with pytest.raises(SchemaError, match=r"has schema 9999.*newer version"):
        schema.downgrade(parse_database_url(url))
    assert shape_of(path) == before


@pytest.mark.parametrize(("serves_since", "is_right"), [(head(), True), ("9999", False)])
async def test_a_newer_schema_serves_this_program_unless_it_took_something_away(
    database: Path, serves_since: str, is_right: bool
) -> None:
    """REL-23"""
    execute(database, "UPDATE alembic_version SET version_num = '9999'")
    execute(database, f"UPDATE schema_compatibility SET serves_since = '{serves_since}'")
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    assert await store.has_right_schema() == is_right
    await store.close()


async def test_a_service_over_an_empty_database_is_not_ready(path: Path) -> None:
    store = SqliteTransactions(path, owner=True, seal=FakeSeal())
    assert not await store.has_right_schema()
    await store.close()


def test_a_migration_that_fails_leaves_nothing_behind(url: str, path: Path) -> None:
    """REL-24: all of it is one transaction."""
    path.parent.mkdir()
    execute(path, "CREATE TABLE signing_keys (something_else)")
    with pytest.raises(DatabaseUnusable, match=r"can't be migrated, nothing was changed.*already exists"):
        schema.upgrade(parse_database_url(url))
    assert {name for _, name, _ in shape_of(path)} == {"signing_keys"}
    execute(path, "DROP TABLE signing_keys")
    assert schema.upgrade(parse_database_url(url)) == list(revisions())


def test_a_migration_that_breaks_references_is_undone(url: str, path: Path) -> None:
    schema.upgrade(parse_database_url(url))
    columns = ", ".join(["x'00'"] + ["0"] * 16)
    execute(path, f"INSERT INTO user_sessions SELECT {columns}")
    with pytest.raises(SchemaError, match="refer to missing ones"):
        schema.downgrade(parse_database_url(url), steps=0)
    assert schema.status(parse_database_url(url)).current == head()


def test_two_that_start_together_migrate_once(url: str) -> None:
    """REL-24: one migrates, the other waits and finds nothing to do."""
    program = (
        "from bukhindor.adapters.sql import schema; from bukhindor.config.database_url import parse_database_url;"
        f"print(schema.upgrade(parse_database_url({url!r})))"
    )
    starters = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = sorted(starter.communicate()[0].strip() for starter in starters)
    assert [starter.returncode for starter in starters] == [0, 0]
    assert answers == [str(list(revisions())), "[]"]


async def test_a_migration_runs_beside_an_open_store(url: str, path: Path) -> None:
    store = SqliteTransactions(path, owner=True, seal=FakeSeal())
    schema.upgrade(parse_database_url(url))
    assert await store.has_right_schema()
    await store.close()


def test_a_file_that_is_no_database_is_named(url: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is not a database. " * 100)
    with pytest.raises(DatabaseUnusable, match=r"bukhindor\.db can't be opened"):
        schema.status(parse_database_url(url))


def test_a_database_of_another_program_is_named(url: str, path: Path) -> None:
    path.parent.mkdir()
    execute(path, "CREATE TABLE alembic_version (something_else)")
    with pytest.raises(DatabaseUnusable, match=r"bukhindor\.db can't be read: no such column"):
        schema.status(parse_database_url(url))


def test_a_new_migration_follows_the_newest(tmp_path: Path) -> None:
    for file in VERSIONS.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    made = schema.new("Add email change!", tmp_path)
    number = f"{int(head()) + 1:04}"
    assert made == tmp_path / f"{number}_add_email_change.py"
    text = made.read_text("utf-8")
    assert f"revision = '{number}'" in text or f'revision = "{number}"' in text
    assert f"down_revision = '{head()}'" in text or f'down_revision = "{head()}"' in text
    compile(text, made, "exec")


def test_a_program_that_runs_keeps_to_its_schema_when_a_newer_one_is_installed_over_it(tmp_path: Path) -> None:
    """Else workers would not be ready any more before the migration has even begun."""
    shutil.copy(schema_version.__file__, tmp_path)
    versions = shutil.copytree(VERSIONS, tmp_path / "migrations" / "versions")
    spec = importlib.util.spec_from_file_location("installed_in_place", tmp_path / "schema_version.py")
    assert spec is not None
    assert spec.loader is not None
    running = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(running)
    (versions / "9999_newer.py").touch()
    assert running.head() == head()
    assert running.serves(head(), head())
