"""bukhindor users invite."""

import json

import pytest

from tests.cli.conftest import Command


def test_an_operator_invites_by_mail(bukhindor: Command) -> None:
    result = bukhindor("users", "invite", "--email", " Ann@Example.com ", "--role", "admin")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Invited ann@example.com as admin until ")
    queue = json.loads(bukhindor("mail", "queue", "--json").stdout)
    assert "ann@example.com" in json.dumps(queue)


def test_the_invitation_is_printed_as_json(bukhindor: Command) -> None:
    result = bukhindor("users", "invite", "--email", "ann@example.com", "--name", "Ann", "--language", "ru", "--json")
    invitation = json.loads(result.stdout)
    assert (invitation["email"], invitation["role"], invitation["name"]) == ("ann@example.com", "user", "Ann")
    assert (invitation["language"], invitation["invited_by"]) == ("ru", None)
    assert "token" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--email", "ann"), "email"),
        (("--email", "ann@example.com", "--name", " "), "name"),
        (("--email", "ann@example.com", "--language", "?"), "language"),
    ],
)
def test_what_is_wrong_is_named(bukhindor: Command, arguments: tuple[str, ...], line: str) -> None:
    result = bukhindor("users", "invite", *arguments)
    assert result.exit_code != 0
    assert line in result.stderr


def test_who_has_an_account_is_not_invited(bukhindor: Command) -> None:
    assert bukhindor("users", "create", "--email", "ann@example.com", "--name", "Ann").exit_code == 0
    result = bukhindor("users", "invite", "--email", "ann@example.com")
    assert (result.exit_code, result.stdout) == (1, "")
