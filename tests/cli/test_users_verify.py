"""bukhindor users verify."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import Command

ANN = "ann@example.com"


def verifications() -> list[tuple[str]]:
    """The details of what the audit says of verified addresses."""
    with closing(sqlite3.connect("data/bukhindor.db")) as connection:
        return connection.execute("SELECT details FROM audit_events WHERE type = 'email.verified'").fetchall()


def test_an_address_is_verified_once_and_recorded(bukhindor: Command) -> None:
    assert bukhindor("users", "create", "--email", ANN, "--name", "Ann", "--role", "admin").exit_code == 0
    assert not json.loads(bukhindor("users", "show", ANN, "--json").stdout)["email_verified"]
    result = bukhindor("users", "verify", ANN)
    assert (result.exit_code, result.stdout) == (0, "ann@example.com is verified.\n")
    shown = json.loads(bukhindor("users", "verify", ANN, "--json").stdout)
    assert (shown["email"], shown["email_verified"]) == (ANN, True)
    (event,) = verifications()
    assert json.loads(event[0]) == {"by": "operator"}


@pytest.mark.parametrize("user", [ANN, "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_an_unknown_account_is_refused(bukhindor: Command, user: str) -> None:
    result = bukhindor("users", "verify", user)
    assert (result.exit_code, result.stdout) == (1, "")
