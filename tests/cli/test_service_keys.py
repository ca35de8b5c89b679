"""bukhindor service-keys: a key is printed once, listed without its secret, and revoked."""

import json
import re

import pytest

from tests.cli.conftest import Command

KEY = re.compile(r"bk_[0-9A-Za-z]{49}")


@pytest.fixture(autouse=True)
def database(bukhindor: Command) -> None:
    bukhindor("migrate", "up")


def test_a_key_is_printed_once_and_revoked_by_its_name(bukhindor: Command) -> None:
    created = bukhindor("service-keys", "create", "orders", "--scope", "users:read", "--scope", "tokens:introspect")
    assert created.exit_code == 0
    (secret,) = KEY.findall(created.stdout)
    listed = bukhindor("service-keys", "list")
    assert listed.stdout.splitlines() == [
        "NAME\tSCOPES\tEXPIRES\tLAST USED",
        "orders\tusers:read tokens:introspect\tnever\tnever",
    ]
    assert secret not in listed.stdout + bukhindor("service-keys", "list", "--json").stdout
    assert bukhindor("service-keys", "create", "orders", "--scope", "audit:read").exit_code == 1
    assert bukhindor("service-keys", "revoke", "orders").stdout == "Revoked service key orders.\n"
    again = bukhindor("service-keys", "revoke", "orders")
    assert (again.exit_code, again.stderr) == (1, "There is no service key with this name.\n")


def test_programs_get_json(bukhindor: Command) -> None:
    options = ("--scope", "audit:read", "--expires", "90d", "--json")
    created = json.loads(bukhindor("service-keys", "create", "billing", *options).stdout)
    assert KEY.fullmatch(created["secret"])
    (listed,) = json.loads(bukhindor("service-keys", "list", "--json").stdout)["service_keys"]
    assert listed == created["service_key"]
    assert (listed["name"], listed["scopes"], listed["expired"]) == ("billing", ["audit:read"], False)
    assert (listed["created_by"], listed["last_used_at"]) == (None, None)
    assert listed["expires_at"] > listed["created_at"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("orders",), "Missing option '--scope'"),
        (("Orders", "--scope", "users:read"), "NAME: A name has 1 to 63 lower-case letters"),
        (("orders", "--scope", "webhooks:write"), "--scope: No endpoint has this scope; there are users:read, "),
        (("orders", "--scope", "users:read", "--expires", "soon"), "for example 7d"),
    ],
)
def test_a_key_that_would_do_nothing_is_refused(bukhindor: Command, arguments: tuple[str, ...], complaint: str) -> None:
    result = bukhindor("service-keys", "create", *arguments)
    assert result.exit_code != 0
    assert complaint in result.stderr
    assert json.loads(bukhindor("service-keys", "list", "--json").stdout) == {"service_keys": []}
