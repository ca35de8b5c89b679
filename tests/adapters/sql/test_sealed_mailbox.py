"""What of a mail in the development mailbox can be read in the files, and what becomes of one that can't be opened."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.smtp.message import message_of
from bukhindor.adapters.smtp.server_url import Sender
from bukhindor.adapters.sql.mailbox import DatabaseMailbox
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from tests.fakes.clock import FakeClock
from tests.makers import address, make_mail

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"
SECRETS = ("FpXy81Qe_token-that-opens-an-account", "90817263", "canary@mailbox.example", "Canary subject")
MAIL = make_mail(
    "canary@mailbox.example",
    subject="Canary subject",
    text=f"https://app.example.com/reset-password?token={SECRETS[0]} 90817263",
    links=(f"https://app.example.com/reset-password?token={SECRETS[0]}",),
    codes=("90817263",),
)


def store_with(database: Path, *secrets: bytes) -> SqliteTransactions:
    return SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys(list(secrets))))


def mailbox_of(store: SqliteTransactions) -> DatabaseMailbox:
    return DatabaseMailbox(
        store,
        FakeClock(),
        partial(message_of, sender=Sender("Example", address("no-reply@example.com"))),
        timedelta(days=7),
    )


async def test_nothing_of_a_mail_is_in_the_files(database: Path) -> None:
    """RST-03, LOG-01"""
    store = store_with(database, NEW)
    await mailbox_of(store).send(MAIL, uuid4())
    files = [file.read_bytes() for file in database.parent.iterdir()]
    await store.close()
    files.append(database.read_bytes())
    for secret in SECRETS:
        assert not any(secret.encode() in content for content in files), secret


async def test_a_mail_is_opened_with_the_secret_that_closed_it(database: Path) -> None:
    store = store_with(database, OLD)
    await mailbox_of(store).send(MAIL, uuid4())
    await store.close()
    store = store_with(database, NEW, OLD)
    assert [received.mail for received in await mailbox_of(store).messages()] == [MAIL]
    await store.close()


async def test_a_mail_that_no_secret_opens_is_left_out_and_hides_no_other(database: Path) -> None:
    store = store_with(database, OLD)
    await mailbox_of(store).send(MAIL, uuid4())
    await store.close()
    store = store_with(database, NEW)
    mailbox = mailbox_of(store)
    await mailbox.send(readable := make_mail(), uuid4())
    (received,) = await mailbox.messages()
    assert (received.number, received.mail) == (2, readable)
    assert await mailbox.message(1) is None
    await store.close()


async def test_a_mail_that_was_put_in_the_place_of_another_does_not_open(database: Path) -> None:
    store = store_with(database, NEW)
    mailbox = mailbox_of(store)
    await mailbox.send(MAIL, uuid4())
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE received_mails SET number = 7")
    assert list(await mailbox.messages()) == []
    await store.close()
