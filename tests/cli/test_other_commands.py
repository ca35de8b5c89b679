"""bukhindor config, migrate, keys and openapi, and how commands end."""

import asyncio
import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bukhindor import BUILD
from bukhindor.adapters.prometheus.exposition import CannotExpose
from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.unusable import SchemaError
from bukhindor.cli.refusal import Program
from bukhindor.config import ConfigurationError
from bukhindor.config.database_url import parse_database_url
from bukhindor.server.listener import CannotListen
from tests.cli.conftest import Command
from tests.fakes.seal import FakeSeal
from tests.makers import make_signing_key

SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"
_COMMANDS = ("serve", "migrate", "users", "keys", "service-keys", "backup", "restore", "config", "doctor", "openapi")


def test_help_names_every_command_and_version_is_short(bukhindor: Command) -> None:
    shown = bukhindor("--help").stdout
    assert all(f"\n  {name} " in shown for name in _COMMANDS)
    assert bukhindor("--version").stdout == f"bukhindor, version {BUILD}\n"
    assert bukhindor("fly").exit_code == 2


def test_config_check_prints_everything_with_secrets_masked(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-03"""
    monkeypatch.setenv("JWT_SECRET", SECRET)
    Path(".env").write_text("LOG_LEVEL=debug\n", "utf-8")
    result = bukhindor("config", "check")
    assert result.exit_code == 0
    assert "JWT_SECRET\t***\tenvironment\n" in result.stdout
    assert "LOG_LEVEL\tdebug\t.env\n" in result.stdout
    assert "SERVER_PORT\t8080\tdefault\n" in result.stdout
    settings = json.loads(bukhindor("config", "check", "--json").stdout)["settings"]
    assert {"variable": "JWT_SECRET", "value": "***", "origin": "environment"} in settings
    assert SECRET not in result.output + str(settings)
    assert not Path("data").exists()


def test_config_check_prints_names_that_are_no_setting_without_their_values(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-06, CFG-03"""
    assert "warning" not in bukhindor("config", "check").stdout
    monkeypatch.setenv("SERVR_PORT", "hunter22")
    Path(".env").write_text("OF_SOMEBODY=hunter22\n", "utf-8")
    result = bukhindor("config", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith(
        "\nwarning: SERVR_PORT is not a setting; did you mean SERVER_PORT?"
        "\nwarning: OF_SOMEBODY in .env is not a setting, and does nothing\n"
    )
    as_json = bukhindor("config", "check", "--json").stdout
    assert json.loads(as_json)["unknown_variables"] == [
        {"name": "SERVR_PORT", "origin": "environment", "meant": "SERVER_PORT"},
        {"name": "OF_SOMEBODY", "origin": ".env", "meant": ""},
    ]
    assert "hunter22" not in result.output + as_json


def test_a_refused_start_names_what_was_spelled_wrong(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """CFG-06"""
    monkeypatch.setenv("JWT_EXPIRATION", "abc")
    monkeypatch.setenv("SERVR_PORT", "hunter22")
    result = bukhindor("serve")
    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert first.startswith("JWT_EXPIRATION: ")
    assert second == "SERVR_PORT is not a setting; did you mean SERVER_PORT?"


@pytest.mark.parametrize(
    "command",
    [
        ("config", "check"),
        ("serve",),
        ("migrate", "up"),
        ("users", "list"),
        ("keys", "rotate"),
        ("backup", "copy.db"),
        ("restore", "copy.db"),
        ("openapi",),
    ],
)
def test_a_bad_configuration_stops_every_command_with_2_and_a_line_for_each_problem(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """CFG-01, CFG-02, JWT-06"""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("JWT_SECRET", "your-secret-key")
    monkeypatch.setenv("JWT_EXPIRATION", "abc")
    result = bukhindor(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
        "JWT_SECRET",
        "JWT_EXPIRATION",
        "PUBLIC_URL",
        "SMTP_URL",
        "MAIL_FROM",
    ]
    assert "your-secret-key" not in result.stderr
    assert not Path("data").exists()


def test_options_of_serve_are_read_like_their_variables(bukhindor: Command) -> None:
    result = bukhindor("serve", "--host", "http://x", "--port", "70000", "--workers", "4")
    assert result.exit_code == 2
    refused = {line.partition(":")[0] for line in result.stderr.splitlines()}
    assert refused == {"SERVER_HOST", "SERVER_PORT", "WORKERS"}


def test_a_host_that_serve_is_given_is_judged_like_the_setting(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CFG-05: whichever says it last, a mailbox that other machines reach is refused before anything is made."""
    monkeypatch.setenv("SERVER_HOST", "127.0.0.1")
    result = bukhindor("serve", "--host", "0.0.0.0")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("DEV_MAILBOX: with SERVER_HOST 0.0.0.0 ")
    assert line.endswith("; for example network or off")
    assert not Path("data").exists()


def test_the_schema_goes_up_and_down_and_up(bukhindor: Command) -> None:
    head = schema.status(parse_database_url("sqlite:///data/bukhindor.db")).head
    before = json.loads(bukhindor("migrate", "status", "--json").stdout)
    assert (before["current"], before["head"]) == (None, head)
    assert "The database is empty" in bukhindor("migrate", "status").stdout
    assert bukhindor("migrate", "down", "--yes").stdout == "Nothing to do: the database is empty.\n"
    for _ in range(2):
        assert bukhindor("migrate", "up").stdout == f"Applied {', '.join(before['pending'])}.\n"
        assert bukhindor("migrate", "up").stdout == "Nothing to do: the schema is up to date.\n"
        assert bukhindor("migrate", "status").stdout == f"The database is at {head}, as this program needs it.\n"
        undone = ", ".join(reversed(before["pending"]))
        assert bukhindor("migrate", "down", "--steps", "99", "--yes").stdout == f"Undid {undone}.\n"
    assert stat.S_IMODE(Path("data/bukhindor.db").stat().st_mode) == 0o600


def test_the_schema_does_not_go_down_without_a_confirmation(bukhindor: Command) -> None:
    bukhindor("migrate", "up")
    result = bukhindor("migrate", "down")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing was undone" in result.stderr
    assert json.loads(bukhindor("migrate", "status", "--json").stdout)["pending"] == []


def test_keys_are_rotated_and_listed(bukhindor: Command) -> None:
    assert json.loads(bukhindor("keys", "list", "--json").stdout) == {"keys": []}
    first = json.loads(bukhindor("keys", "rotate", "--json").stdout)
    assert (first["state"], first["retired_at"]) == ("signs", None)
    assert "it signs after KEY_PUBLICATION_LEAD" in bukhindor("keys", "rotate").stdout
    keys = json.loads(bukhindor("keys", "list", "--json").stdout)["keys"]
    assert [key["state"] for key in keys] == ["published", "signs"]
    assert keys[1]["kid"] == first["kid"]
    assert "it signs from now on" in bukhindor("keys", "rotate", "--now").stdout
    keys = json.loads(bukhindor("keys", "list", "--json").stdout)["keys"]
    assert [key["state"] for key in keys] == ["signs", "verifies", "verifies"]
    assert set(keys[0]) == {"kid", "state", "created_at", "retired_at"}
    lines = bukhindor("keys", "list").stdout.splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [[key["kid"], key["state"]] for key in keys]


async def test_a_retired_key_expires_with_its_last_token(bukhindor: Command) -> None:
    await asyncio.to_thread(bukhindor, "migrate", "up")
    now = datetime.now(UTC)
    store = SqliteTransactions(Path("data/bukhindor.db"), owner=False, seal=FakeSeal())
    async with store.begin() as tx:
        for minutes in (0, 10, 20):
            retired_at = now - timedelta(minutes=minutes) if minutes else None
            created_at = now - timedelta(hours=1, minutes=minutes)
            await tx.signing_keys.add(make_signing_key(f"key-{minutes}", created_at=created_at, retired_at=retired_at))
        await tx.commit()
    await store.close()
    result = await asyncio.to_thread(bukhindor, "keys", "list", "--json")
    assert [(key["kid"], key["state"]) for key in json.loads(result.stdout)["keys"]] == [
        ("key-0", "signs"),
        ("key-10", "verifies"),
        ("key-20", "expired"),
    ]


def test_the_api_document_is_printed_or_written(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com")
    printed = bukhindor("openapi").stdout
    assert bukhindor("openapi", "api.json").stdout == "Wrote api.json\n"
    assert Path("api.json").read_text("utf-8") == printed
    document = json.loads(printed)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://api.example.com"}]
    refused = bukhindor("openapi", "missing/api.json")
    assert (refused.exit_code, refused.stderr) == (1, "missing/api.json: No such file or directory\n")


def test_a_damaged_database_is_one_line(bukhindor: Command) -> None:
    Path("data").mkdir()
    Path("data/bukhindor.db").write_bytes(b"this is no database, whatever its name says\n" * 100)
    result = bukhindor("users", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "data/bukhindor.db" in result.stderr


def test_an_unexpected_error_is_one_line_unless_details_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.group(cls=Program)
    def program() -> None:
        """Fails."""

    @program.command()
    def fail() -> None:
        raise RuntimeError("first line of ann@example.com\nsecond with token=abc")

    result = CliRunner().invoke(program, ["fail"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "This went wrong: first line of a***@example.com second with token=*** (RuntimeError); "
        "LOG_LEVEL=debug shows where.\n"
    )
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert isinstance(CliRunner().invoke(program, ["fail"]).exception, RuntimeError)


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError(["in one line"]), 2),
        (SchemaError("in one line"), 1),
        (CannotListen("in one line"), 1),
        (CannotExpose("in one line"), 1),
        (ExceptionGroup("tasks", [ExceptionGroup("inner", [SchemaError("in one line")])]), 1),
    ],
)
def test_a_refusal_is_the_same_whatever_details_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, level: str, error: Exception, code: int
) -> None:
    """An exception that comes alone in a group is named, not the group."""

    @click.group(cls=Program)
    def program() -> None:
        """Refuses."""

    @program.command()
    def refuse() -> None:
        raise error

    monkeypatch.setenv("LOG_LEVEL", level)
    result = CliRunner().invoke(program, ["refuse"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", "in one line\n")


@pytest.mark.parametrize("group", ["", "users", "mail", "keys", "config", "migrate"])
def test_help_shows_whole_sentences(bukhindor: Command, group: str) -> None:
    listed = bukhindor(*filter(None, [group]), "--help").stdout.partition("Commands:")[2]
    summaries = re.split(r"\n  (?=\S)", listed.rstrip())[1:]
    assert summaries
    assert all(summary.endswith(".") and "..." not in summary for summary in summaries), summaries
