"""The mailbox of a development installation: both ends of it, over each database."""

import asyncio
from datetime import timedelta
from email import message_from_string
from email.policy import default
from functools import partial
from typing import cast
from uuid import uuid4

import pytest

from bukhindor.adapters.smtp.message import message_of
from bukhindor.adapters.smtp.server_url import Sender
from bukhindor.adapters.sql.mailbox import MOST_BYTES, MOST_MAILS, DatabaseMailbox, MailboxStore
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.mail import MailNotAccepted
from bukhindor.ports.mail import Mailbox, Mailer
from bukhindor.ports.store.full import FullStore
from tests.adapters.conftest import OpenStore
from tests.fakes.clock import FakeClock
from tests.makers import T0, address, make_mail

SECOND = timedelta(seconds=1)
LIFE = timedelta(days=7)
SOURCE_OF = partial(message_of, sender=Sender("Example", address("no-reply@example.com")))

pytestmark = pytest.mark.parametrize("open_store", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def mailbox_over(store: object, clock: FakeClock, life: timedelta = LIFE) -> DatabaseMailbox:
    return DatabaseMailbox(cast("MailboxStore", store), clock, SOURCE_OF, life)


@pytest.fixture
def mailbox(transactions: FullStore, clock: FakeClock) -> DatabaseMailbox:
    return mailbox_over(transactions, clock)


async def subjects(mailbox: Mailbox) -> list[str]:
    return [received.mail.subject for received in await mailbox.messages()]


async def test_what_was_sent_can_be_read_the_newest_first(mailbox: DatabaseMailbox, clock: FakeClock) -> None:
    mailer: Mailer = mailbox
    reader: Mailbox = mailbox
    assert list(await reader.messages()) == []
    await mailer.send(first := make_mail("ann@example.com"), uuid4())
    clock.advance(SECOND)
    await mailer.send(second := make_mail("bob@example.com"), uuid4())
    newest, older = await reader.messages()
    assert (newest.mail, newest.received_at) == (second, T0 + SECOND)
    assert (older.mail, older.received_at) == (first, T0)
    assert [await reader.message(each.number) for each in (newest, older)] == [newest, older]
    assert await reader.message(newest.number + 1) is None


async def test_mails_of_one_moment_stay_in_their_order(mailbox: DatabaseMailbox) -> None:
    for number in range(5):
        await mailbox.send(make_mail(subject=str(number)), uuid4())
    assert await subjects(mailbox) == ["4", "3", "2", "1", "0"]


async def test_the_source_is_what_a_mail_server_would_receive(mailbox: DatabaseMailbox) -> None:
    await mailbox.send(mail := make_mail(subject="Сброс пароля", text="Код 1234", html="<p>Код 1234</p>"), uuid4())
    (received,) = await mailbox.messages()
    message = message_from_string(received.source, policy=default)
    assert (message["to"], message["subject"]) == (mail.to.value, "Сброс пароля")
    assert message["from"] == "Example <no-reply@example.com>"
    parts = [part.get_content().strip() for part in message.iter_parts()]
    assert parts == ["Код 1234", "<p>Код 1234</p>"]


async def test_a_mail_that_no_server_would_take_is_not_kept(mailbox: DatabaseMailbox) -> None:
    """ML-01"""
    with pytest.raises(MailNotAccepted) as refusal:
        await mailbox.send(make_mail(subject="a\r\nBcc: eve@example.com"), uuid4())
    assert refusal.value.permanent
    assert await subjects(mailbox) == []


async def test_the_newest_two_hundred_are_kept(mailbox: DatabaseMailbox) -> None:
    for number in range(MOST_MAILS + 5):
        await mailbox.send(make_mail(subject=str(number)), uuid4())
    kept = await subjects(mailbox)
    assert (len(kept), kept[0], kept[-1]) == (200, "204", "5")


async def test_large_mails_make_room_for_newer_ones(mailbox: DatabaseMailbox) -> None:
    """Each is a fifth of what there is room for, twice: once as text and once in the source."""
    for number in range(6):
        await mailbox.send(make_mail(subject=str(number), text="x" * (MOST_BYTES // 10)), uuid4())
    assert await subjects(mailbox) == ["5", "4", "3", "2"]


async def test_the_newest_mail_is_kept_however_large_it_is(mailbox: DatabaseMailbox) -> None:
    await mailbox.send(make_mail(subject="small"), uuid4())
    await mailbox.send(make_mail(subject="large", text="x" * MOST_BYTES), uuid4())
    assert await subjects(mailbox) == ["large"]
    await mailbox.send(make_mail(subject="small again"), uuid4())
    assert await subjects(mailbox) == ["small again"]


async def test_a_purge_removes_what_is_older_than_a_week(mailbox: DatabaseMailbox, clock: FakeClock) -> None:
    await mailbox.send(make_mail(subject="old"), uuid4())
    clock.advance(SECOND)
    await mailbox.send(make_mail(subject="new"), uuid4())
    clock.advance(LIFE - SECOND)
    await mailbox.purge()
    assert await subjects(mailbox) == ["new", "old"]
    clock.advance(SECOND)
    await mailbox.purge()
    assert await subjects(mailbox) == ["new"]


async def test_without_a_life_a_purge_leaves_nothing(
    transactions: FullStore, mailbox: DatabaseMailbox, clock: FakeClock
) -> None:
    """The installation has a mail server now."""
    await mailbox.send(make_mail(), uuid4())
    clock.advance(SECOND)
    await mailbox_over(transactions, clock, timedelta()).purge()
    assert await subjects(mailbox) == []


async def test_many_who_send_at_once_lose_nothing(mailbox: DatabaseMailbox) -> None:
    sent = [str(number) for number in range(40)]
    await asyncio.gather(*(mailbox.send(make_mail(subject=subject), uuid4()) for subject in sent))
    received = await mailbox.messages()
    assert sorted(each.mail.subject for each in received) == sorted(sent)
    assert [each.number for each in received] == list(range(40, 0, -1))


async def test_many_who_send_at_once_stay_within_the_bounds(mailbox: DatabaseMailbox) -> None:
    for _ in range(6):
        await asyncio.gather(*(mailbox.send(make_mail(), uuid4()) for _ in range(40)))
    assert [each.number for each in await mailbox.messages()] == list(range(240, 40, -1))


async def test_a_restart_keeps_the_mails(open_store: OpenStore, clock: FakeClock) -> None:
    before = open_store()
    await mailbox_over(before, clock).send(mail := make_mail(), uuid4())
    await cast("SqliteTransactions", before).close()
    after = cast("SqliteTransactions", open_store())
    assert [received.mail for received in await mailbox_over(after, clock).messages()] == [mail]
    await after.close()
