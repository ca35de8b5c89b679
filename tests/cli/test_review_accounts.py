"""REVIEW_ACCOUNTS on the command line: what `config check` shows, what `doctor` warns of, and what stops a start."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.servers.postgres import PostgresServer

LISTED = "review@example.com:12345678,boss@example.com:87654321,gone@example.com:00000000"
DATABASE = Path("data/bukhindor.db")
SECRET = "kN3vX8pQ2rT5wY7zB4cF6gH9jL1mP0sD"

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_ACCOUNTS", LISTED)


def create(bukhindor: Command, email: str, role: str = "user") -> None:
    arguments = ("--email", email, "--name", "Reviewer", "--role", role)
    assert bukhindor("users", "create", *arguments).exit_code == 0


def about_accounts(bukhindor: Command) -> list[str]:
    result = bukhindor("doctor")
    assert result.exit_code == 0
    lines = " ".join(result.stdout.split()).replace(" ok ", "\nok ").replace(" warning ", "\nwarning ").splitlines()
    return [line for line in lines if "review accounts:" in line]


@pytest.mark.usefixtures("listed")
def test_config_check_masks_the_codes(bukhindor: Command) -> None:
    """CFG-03"""
    for arguments in (("config", "check"), ("config", "check", "--json")):
        result = bukhindor(*arguments)
        assert "review@example.com:***" in result.stdout.replace("\n", "")
        assert not any(code in result.stdout for code in ("12345678", "87654321", "00000000"))


@pytest.mark.parametrize("command", [("serve",), ("config", "check"), ("users", "list"), ("doctor",)])
def test_a_malformed_list_exits_with_2_and_names_the_variable(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """CFG-02, CFG-03"""
    monkeypatch.setenv("REVIEW_ACCOUNTS", "review@example.com:4711")
    result = bukhindor(*command)
    assert result.exit_code == 2
    assert "REVIEW_ACCOUNTS: the value is not an address" in " ".join(result.output.split())
    assert "4711" not in result.output


@pytest.mark.usefixtures("listed")
def test_doctor_warns_of_accounts_that_should_leave_the_list(bukhindor: Command) -> None:
    create(bukhindor, "review@example.com")
    create(bukhindor, "boss@example.com", "admin")
    assert about_accounts(bukhindor) == [
        "warning review accounts: boss@example.com has the role admin, so its code is refused. Remove it from "
        "REVIEW_ACCOUNTS.",
        "warning review accounts: gone@example.com has no account. Create it with the role user, or remove it from "
        "REVIEW_ACCOUNTS.",
    ]
    was_made = datetime.now(UTC) - timedelta(days=61)
    with closing(sqlite3.connect(DATABASE)) as connection:
        moment = int(was_made.timestamp() * 1_000_000)
        connection.execute("UPDATE users SET created_at = ? WHERE email = 'review@example.com'", (moment,))
        connection.commit()
    assert about_accounts(bukhindor)[0] == (
        "warning review accounts: review@example.com was created 61 days ago, and anyone with its code can sign in. "
        "Remove it from REVIEW_ACCOUNTS."
    )


def test_doctor_finds_young_accounts_in_order_and_says_nothing_without_a_list(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(bukhindor, "review@example.com")
    assert about_accounts(bukhindor) == []
    monkeypatch.setenv("REVIEW_ACCOUNTS", "review@example.com:12345678")
    assert about_accounts(bukhindor) == ["ok review accounts: 1 with a fixed code, each younger than 60 days."]
    monkeypatch.setenv("EMAIL_VERIFICATION", "required")
    monkeypatch.setenv("SMTP_URL", "")
    (found,) = about_accounts(bukhindor)
    assert "is not verified, which EMAIL_VERIFICATION=required demands" in found


@pytest.mark.usefixtures("listed")
def test_doctor_looks_into_postgresql_as_well(
    bukhindor: Command, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = asyncio.run(postgres_server.create_database())
    monkeypatch.setenv("DATABASE_URL", postgres_server.url(name))
    monkeypatch.setenv("JWT_SECRET", SECRET)
    assert bukhindor("migrate", "up").exit_code == 0
    create(bukhindor, "review@example.com")
    create(bukhindor, "boss@example.com", "guest")
    found = about_accounts(bukhindor)
    assert [line.split()[3] for line in found] == ["boss@example.com", "gone@example.com"]
    assert "has the role guest" in found[0]
