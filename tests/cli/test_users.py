"""bukhindor users."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.password import Password
from bukhindor.domain.user import User
from tests.cli.conftest import Command
from tests.fakes.seal import FakeSeal
from tests.makers import REQUESTER, make_session, make_user

ANN = "ann@example.com"
BOB = "bob@example.com"


@pytest.fixture
def people(bukhindor: Command) -> None:
    """Ann, an administrator, and Bob."""
    for email, name, role in ((ANN, "Ann", "admin"), (BOB, "Bob", "user")):
        assert bukhindor("users", "create", "--email", email, "--name", name, "--role", role).exit_code == 0


def printed(bukhindor: Command, *arguments: str) -> Any:
    result = bukhindor(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


async def stored(email: str) -> User | None:
    store = SqliteTransactions(Path("data/bukhindor.db"), owner=False, seal=FakeSeal())
    try:
        async with store.read() as reading:
            return await reading.users.by_email(EmailAddress.parse(email))
    finally:
        await store.close()


async def signs_in_with(email: str, password: str) -> bool:
    user = await stored(email)
    assert user is not None
    hasher = PooledPasswordHasher(19_456, 2, 1, 1, 16)
    try:
        return (await hasher.verify(Password.parse(password), user.password_hash, REQUESTER)).matches
    finally:
        hasher.close()


async def test_a_made_password_is_printed_exactly_once_and_works(bukhindor: Command) -> None:
    result = await run(bukhindor, "users", "create", "--email", " Ann@Example.com ", "--name", "Ann", "--role", "admin")
    assert result.exit_code == 0
    created, password_line = result.stdout.splitlines()
    assert re.fullmatch(r"Created admin ann@example\.com with id [0-9a-f-]{36}\.", created)
    password = password_line.rpartition(" ")[2]
    assert len(password) >= 29
    assert (result.stdout + result.stderr).count(password) == 1
    assert await signs_in_with(ANN, password)
    again = await run(bukhindor, "users", "show", ANN)
    assert password not in again.output


async def test_json_holds_the_made_password_and_the_user(bukhindor: Command) -> None:
    result = await run(bukhindor, "users", "create", "--email", ANN, "--name", "Ann", "--json")
    created = json.loads(result.stdout)
    assert (created["user"]["email"], created["user"]["role"], created["user"]["is_active"]) == (ANN, "user", True)
    assert await signs_in_with(ANN, created["password"])


def test_two_made_passwords_differ_and_follow_the_configured_length(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIN_PASSWORD_LENGTH", "64")
    passwords = set()
    for email in (ANN, BOB):
        passwords.add(printed(bukhindor, "users", "create", "--email", email, "--name", "Somebody")["password"])
    assert len(passwords) == 2
    assert all(len(password) >= 64 for password in passwords)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
async def test_a_password_from_standard_input_is_taken_untrimmed_and_never_printed(
    bukhindor: Command, end: str
) -> None:
    arguments = ("users", "create", "--email", ANN, "--name", "Ann", "--password-stdin")
    result = await run(bukhindor, *arguments, stdin=f"  violet otter 41 {end}")
    assert result.exit_code == 0
    assert "violet" not in result.output
    assert len(result.stdout.splitlines()) == 1
    assert await signs_in_with(ANN, "  violet otter 41 ")
    assert not await signs_in_with(ANN, "violet otter 41")


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (b"", "password: Enter a password."),
        (b"\nviolet-otter-41\n", "password: Enter a password."),
        (b"short\n", "password: A password must have at least 8 characters."),
        (b"password123\n", "password: This password is too common: attackers try it first."),
        (b"\xff\xfe\xff\xfe\xff\xfe\n", "password: Standard input is not UTF-8 text."),
    ],
)
async def test_a_refused_password_is_one_line_and_creates_no_account(
    bukhindor: Command, stdin: bytes, reason: str
) -> None:
    arguments = ("users", "create", "--email", ANN, "--name", "Ann", "--password-stdin")
    result = await run(bukhindor, *arguments, stdin=stdin)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"{reason}\n")
    assert (await run(bukhindor, "users", "show", ANN)).exit_code == 1


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("create", "--email", "ANN@example.com", "--name", "Ann"),
            "An account with this email address already exists.",
        ),
        (("create", "--email", "ann", "--name", "Ann"), "email: This is not a valid email address."),
        (("create", "--email", "x@example.com", "--name", " "), "name: This can't be empty."),
        (("show", "nobody@example.com"), "This user does not exist."),
        (("show", "01890a5d-ac96-774b-bcce-b302099a8057"), "This user does not exist."),
        (("show", "ann"), "USER: This is not a valid email address."),
        (("show", "01890A5D-AC96-774B-BCCE-B302099A8057"), "USER: This is not a valid email address."),
        (("list", "--email", "ann"), "email: This is not a valid email address."),
        (("set-role", ANN, "user"), "This is the last active administrator; appoint another one first."),
        (("ban", ANN), "This is the last active administrator; appoint another one first."),
        (("delete", ANN, "--yes"), "This is the last active administrator; appoint another one first."),
        (("ban", BOB, "--reason", ""), "reason: This can't be empty."),
    ],
)
def test_a_refusal_is_one_line_on_standard_error_and_changes_nothing(
    bukhindor: Command, arguments: tuple[str, ...], line: str
) -> None:
    before = printed(bukhindor, "users", "list")
    result = bukhindor("users", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"{line}\n")
    assert printed(bukhindor, "users", "list") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--name", "Ann"),
        ("create", "--email", ANN, "--name", "Ann", "--role", "root"),
        ("create", "--email", ANN, "--name", "Ann", "--password", "violet-otter-41"),
        ("ban", ANN, "--for", "soon"),
        ("ban", ANN, "--for", "0s"),
        ("ban", ANN, "--for", "999999999d"),
        ("list", "--status", "gone"),
        ("list", "--search", "x" * 101),
        ("list", "--search", "a\nb"),
        ("list", "--limit", "0"),
        ("forget", ANN),
    ],
)
def test_wrong_usage_exits_with_2(bukhindor: Command, arguments: tuple[str, ...]) -> None:
    result = bukhindor("users", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: bukhindor users" in result.stderr
    assert not Path("data").exists()


@pytest.mark.usefixtures("people")
def test_lists_are_found_by_filters_and_cut_by_limit(bukhindor: Command) -> None:
    everybody = printed(bukhindor, "users", "list")
    assert [user["email"] for user in everybody["users"]] == [BOB, ANN]
    assert everybody["total"] == 2
    assert [user["name"] for user in printed(bukhindor, "users", "list", "--role", "admin")["users"]] == ["Ann"]
    assert [user["name"] for user in printed(bukhindor, "users", "list", "--search", "BOB@")["users"]] == ["Bob"]
    assert [user["name"] for user in printed(bukhindor, "users", "list", "--email", " BOB@example.com")["users"]] == [
        "Bob"
    ]
    assert [user["name"] for user in printed(bukhindor, "users", "list", "--search", " bob@ ")["users"]] == ["Bob"]
    assert printed(bukhindor, "users", "list", "--status", "banned") == {"users": [], "total": 0}
    cut = bukhindor("users", "list", "--limit", "1")
    assert [line.split("\t")[1] for line in cut.stdout.splitlines()] == ["E-MAIL", BOB]
    assert cut.stderr.startswith("1 of 2;")


async def test_a_list_goes_on_past_the_first_page(bukhindor: Command) -> None:
    await run(bukhindor, "migrate", "up")
    store = SqliteTransactions(Path("data/bukhindor.db"), owner=False, seal=FakeSeal())
    async with store.begin() as tx:
        for number in range(105):
            await tx.users.add(make_user(f"p{number:03}@example.com"))
        await tx.commit()
    await store.close()
    found = json.loads((await run(bukhindor, "users", "list", "--limit", "103", "--json")).stdout)
    assert len({user["email"] for user in found["users"]}) == 103
    assert found["total"] == 105
    plain = await run(bukhindor, "users", "list")
    assert len(plain.stdout.splitlines()) == 1 + 100


@pytest.mark.usefixtures("people")
def test_a_user_is_shown_by_address_and_by_id_without_its_hash(bukhindor: Command) -> None:
    by_email = printed(bukhindor, "users", "show", BOB)
    by_id = printed(bukhindor, "users", "show", by_email["id"])
    assert by_email == by_id
    shown = bukhindor("users", "show", "BOB@EXAMPLE.COM").stdout
    assert f"email\t{BOB} (not verified)" in shown
    assert "argon2" not in shown


@pytest.mark.usefixtures("people")
def test_a_role_is_changed(bukhindor: Command) -> None:
    assert bukhindor("users", "set-role", BOB, "admin").stdout == f"{BOB} is admin now.\n"
    assert printed(bukhindor, "users", "set-role", ANN, "guest")["role"] == "guest"
    assert bukhindor("users", "set-role", BOB, "user").exit_code == 1


@pytest.mark.usefixtures("people")
def test_a_ban_has_a_reason_and_an_end_and_can_be_lifted(bukhindor: Command) -> None:
    banned = bukhindor("users", "ban", BOB, "--reason", "spam", "--for", "7d")
    assert re.fullmatch(rf"{re.escape(BOB)} is banned until [\d: -]+Z; all its sessions have ended\.\n", banned.stdout)
    assert printed(bukhindor, "users", "show", BOB)["status"] == "banned"
    assert "reason\tspam" in bukhindor("users", "show", BOB).stdout
    assert bukhindor("users", "ban", BOB).stdout == f"{BOB} is banned; all its sessions have ended.\n"
    permanent = printed(bukhindor, "users", "show", BOB)
    assert (permanent["status"], permanent["status_reason"], permanent["status_until"]) == ("banned", None, None)
    assert bukhindor("users", "unban", BOB).stdout == f"{BOB} is active.\n"
    assert bukhindor("users", "ban", BOB).stdout == f"{BOB} is banned; all its sessions have ended.\n"
    assert printed(bukhindor, "users", "unban", BOB)["is_active"]


@pytest.mark.usefixtures("people")
async def test_a_password_is_set_from_standard_input_or_made(bukhindor: Command) -> None:
    result = await run(bukhindor, "users", "set-password", BOB, "--password-stdin", stdin="violet otter 41\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Changed the password of {BOB}; all its sessions have ended.\n"
    assert await signs_in_with(BOB, "violet otter 41")
    refused = await run(bukhindor, "users", "set-password", BOB, "--password-stdin", stdin="short\n")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "password: A password must have at least 8 characters.\n"
    made = (await run(bukhindor, "users", "set-password", BOB)).stdout.splitlines()[-1].rpartition(" ")[2]
    assert await signs_in_with(BOB, made)


@pytest.mark.usefixtures("people")
def test_deleting_asks_first(bukhindor: Command) -> None:
    refused = bukhindor("users", "delete", BOB)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == f"{BOB} was not deleted: there is no terminal to confirm it. Repeat with --yes.\n"
    assert bukhindor("users", "show", BOB).exit_code == 0
    assert bukhindor("users", "delete", BOB, "--yes").stdout == f"Deleted {BOB}.\n"
    assert bukhindor("users", "show", BOB).exit_code == 1


@pytest.mark.usefixtures("people")
async def test_sessions_are_revoked_and_counted(bukhindor: Command) -> None:
    bob, ann = await stored(BOB), await stored(ANN)
    assert bob is not None
    assert ann is not None
    store = SqliteTransactions(Path("data/bukhindor.db"), owner=False, seal=FakeSeal())
    async with store.begin() as tx:
        for owner in (bob, bob, bob, ann):
            await tx.sessions.add(make_session(owner, created_at=datetime.now(UTC)))
        await tx.commit()
    await store.close()
    assert (await run(bukhindor, "users", "revoke-sessions", BOB)).stdout == f"Ended 3 sessions of {BOB}.\n"
    assert (await run(bukhindor, "users", "revoke-sessions", str(ann.id))).stdout == f"Ended 1 session of {ANN}.\n"
    assert json.loads((await run(bukhindor, "users", "revoke-sessions", BOB, "--json")).stdout) == {"revoked": 0}


async def run(bukhindor: Command, *arguments: str, stdin: str | bytes | None = None) -> Any:
    """A command beside a test that awaits: commands have an event loop of their own."""
    return await asyncio.to_thread(bukhindor, *arguments, stdin=stdin)
