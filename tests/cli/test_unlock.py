"""bukhindor users unlock."""

import json

from tests.cli.conftest import Command

ANN = "ann@example.com"


def test_an_account_that_is_not_locked_stays_so(bukhindor: Command) -> None:
    assert bukhindor("users", "create", "--email", ANN, "--name", "Ann").exit_code == 0
    result = bukhindor("users", "unlock", ANN)
    assert (result.exit_code, result.stdout) == (0, "ann@example.com is not locked.\n")
    shown = json.loads(bukhindor("users", "unlock", ANN, "--json").stdout)
    assert shown["locked_at"] is None


def test_an_unknown_account_is_refused(bukhindor: Command) -> None:
    result = bukhindor("users", "unlock", ANN)
    assert (result.exit_code, result.stdout) == (1, "")
