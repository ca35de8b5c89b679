"""What commands leave behind: events in the record, and mails that wait for the server."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from tests.cli.conftest import Command
from tests.cli.test_processes import PATIENCE_SECONDS, run, serving
from tests.fakes.seal import FakeSeal
from tests.servers.processes import free_port

ANN = "ann@example.com"
BOB = "bob@example.com"
DATABASE = Path("data/bukhindor.db")


async def recorded() -> list[AuditEvent]:
    """All events, the oldest first."""
    store = SqliteTransactions(DATABASE, owner=False, seal=FakeSeal())
    try:
        async with store.read() as reading:
            return (await reading.audit_events.page(AuditQuery()))[::-1]
    finally:
        await store.close()


async def test_every_command_that_changes_an_account_is_recorded_once(bukhindor: Command) -> None:
    """LOG-02"""
    for arguments in (
        ("create", "--email", ANN, "--name", "Ann", "--role", "admin"),
        ("create", "--email", BOB, "--name", "Bob"),
        ("set-role", BOB, "guest"),
        ("set-role", BOB, "guest"),
        ("ban", BOB, "--reason", "spam from 192.0.2.9", "--for", "7d"),
        ("unban", BOB),
        ("revoke-sessions", BOB),
        ("show", BOB),
        ("list",),
    ):
        result = await asyncio.to_thread(bukhindor, "users", *arguments)
        assert result.exit_code == 0, result.output
    events = await recorded()
    bob = events[1].subject_id
    assert [event.type for event in events] == [
        AuditType.CREATED,
        AuditType.CREATED,
        AuditType.ROLE_CHANGED,
        AuditType.STATUS_CHANGED,
        AuditType.STATUS_CHANGED,
        AuditType.SESSION_ENDED,
    ]
    assert {event.subject_id for event in events[1:]} == {bob}
    assert {event.actor_id for event in events} == {None}
    assert events[2].details == {"old": "user", "new": "guest"}
    assert ANN not in str(events)
    assert BOB not in str(events)

    assert (await asyncio.to_thread(bukhindor, "users", "delete", BOB, "--yes")).exit_code == 0
    deleted = (await recorded())[-1]
    assert (deleted.type, deleted.subject_id) == (AuditType.DELETED, bob)


@pytest.mark.parametrize("arguments", [("ban", ANN), ("set-role", ANN, "user"), ("delete", ANN, "--yes")])
async def test_a_command_that_was_refused_leaves_no_event_and_no_mail(
    bukhindor: Command, arguments: tuple[str, ...]
) -> None:
    created = ("create", "--email", ANN, "--name", "Ann", "--role", "admin")
    await asyncio.to_thread(bukhindor, "users", *created)
    assert (await asyncio.to_thread(bukhindor, "users", *arguments)).exit_code == 1
    assert [event.type for event in await recorded()] == [AuditType.CREATED]
    queue = json.loads((await asyncio.to_thread(bukhindor, "doctor", "--json")).stdout)["checks"]
    assert [check["found"] for check in queue if check["check"] == "mail queue"] == ["1 wait, 0 were given up"]


def test_the_mails_of_commands_wait_for_the_server_and_are_delivered_once() -> None:
    before = run("users", "create", "--email", ANN, "--name", "Ann", "--role", "admin")
    assert before.returncode == 0, before.stderr
    port = free_port()
    with serving("--port", str(port)):
        until(lambda: [message["to"] for message in mailbox(port)] == [ANN])
        for arguments in (("create", "--email", BOB, "--name", "Bob"), ("ban", BOB), ("delete", BOB, "--yes")):
            done = run("users", *arguments)
            assert done.returncode == 0, done.stderr
        until(lambda: any("deleted" in message["subject"].lower() for message in mailbox(port)))
        until(lambda: "mail queue" not in run("doctor").stdout)
        delivered = [(message["to"], message["subject"]) for message in mailbox(port)]
        assert len(set(delivered)) == len(delivered)
        assert {to for to, _ in delivered} == {ANN, BOB}
        seen = run("doctor")
        assert seen.returncode == 0
        assert "a server uses this database now" in seen.stdout


def mailbox(port: int) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/dev/mailbox.json") as answer:
        messages: list[dict[str, Any]] = json.load(answer)["messages"]
    return messages


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
