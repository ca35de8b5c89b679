"""What of a waiting mail can be read in the database file, and what becomes of one that can't be opened."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.sql.connection import Parameters, Row
from bukhindor.adapters.sql.repositories import mail_content
from bukhindor.adapters.sql.repositories.outbox import SqlOutbox, content_of, to_queued_mail
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.mail import Mail
from bukhindor.domain.origin import NO_REQUEST, Cause
from tests.adapters.keeping import keep
from tests.makers import T0, make_mail, make_one_time_token, make_queued_mail, make_user

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"
MINUTE = timedelta(minutes=1)

TOKEN = "FpXy81Qe_token-that-opens-an-account"
CODE = "90817263"
MAIL = make_mail(
    "canary@mailbox.example",
    subject="Canary subject",
    text=f"Dear Canary, https://app.example.com/reset-password?token={TOKEN} {CODE[:4]} {CODE[4:]}",
    links=(f"https://app.example.com/reset-password?token={TOKEN}",),
    codes=(CODE,),
)


async def test_secret_and_address_of_a_waiting_mail_are_not_in_the_files(database: Path) -> None:
    """RST-03, LOG-01."""
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([NEW])))
    user = make_user("ann@example.com")
    await keep(store, user, make_one_time_token(user, token=TOKEN), make_queued_mail(MAIL, user_id=user.id))
    async with store.begin() as tx:
        (claimed,) = await tx.outbox.claim(T0, T0 + MINUTE, 1)
        await tx.outbox.save(claimed.after_failure(T0, permanent=False))
        await tx.commit()
    files = [file.read_bytes() for file in database.parent.iterdir()]
    await store.close()
    files.append(database.read_bytes())
    assert any(b"ann@example.com" in content for content in files)
    for secret in (TOKEN, CODE, CODE[:4] + " ", "canary", "Canary", "reset-password?"):
        assert not any(secret.encode() in content for content in files), secret
    assert claimed.mail == MAIL


async def test_a_mail_is_opened_with_the_secret_that_closed_it(database: Path) -> None:
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([OLD])))
    await keep(store, make_queued_mail(MAIL))
    await store.close()
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([NEW, OLD])))
    async with store.begin() as tx:
        assert [queued.mail for queued in await tx.outbox.claim(T0, T0 + MINUTE, 1)] == [MAIL]
    await store.close()


async def test_a_mail_that_another_secret_closed_is_claimed_unopened_and_stops_no_other(
    database: Path,
) -> None:
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([OLD])))
    await keep(store, closed := make_queued_mail(MAIL))
    await store.close()
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([NEW])))
    await keep(store, readable := make_queued_mail(created_at=T0 + MINUTE))
    async with store.begin() as tx:
        claimed = await tx.outbox.claim(T0 + MINUTE, T0 + 2 * MINUTE, 10)
        await tx.outbox.save(claimed[0].after_failure(T0 + MINUTE, permanent=False))
        await tx.commit()
    assert [(queued.id, queued.mail) for queued in claimed] == [(closed.id, None), (readable.id, readable.mail)]
    await store.close()
    store = SqliteTransactions(database, owner=True, seal=SecretSeal(SecretKeys([NEW, OLD])))
    async with store.begin() as tx:
        again = await tx.outbox.claim(T0 + 2 * MINUTE, T0 + 3 * MINUTE, 1)
    assert [(queued.id, queued.mail, queued.tries) for queued in again] == [(closed.id, MAIL, 2)]
    await store.close()


class OvertakenConnection:
    """A database whose row is claimed by another process between our reading and our writing."""

    def __init__(self, row: Row) -> None:
        self._row = row

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
        return [self._row]

    fetch_held = fetch

    async def take_turns(self, subject: int) -> None:
        """There is nothing to wait for."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        return 0


async def test_a_mail_that_another_process_has_just_claimed_is_left_to_it() -> None:
    seal = SecretSeal(SecretKeys([NEW]))
    queued = make_queued_mail()
    sealed = seal.close(content_of(queued), f"mail:{queued.id}")
    overtaken = OvertakenConnection([queued.id, None, sealed, T0, T0, 0, None])
    assert await SqlOutbox(overtaken, seal).claim(T0, T0 + MINUTE, 10) == []


def test_programs_before_and_after_the_cause_read_each_others_mails() -> None:
    queued = make_queued_mail(cause=Cause("request-1", "trace-1"))
    assert mail_content.decoder(Mail).decode(content_of(queued)) == queued.mail
    row = [queued.id, None, b"", T0, T0, 0, None]
    assert to_queued_mail(row, mail_content.encode(queued.mail)) == replace(queued, cause=NO_REQUEST)
