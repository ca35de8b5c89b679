"""The mailbox of a development installation."""

from datetime import timedelta

from bukhindor.adapters.memory.mailbox import DevelopmentMailbox
from bukhindor.ports import Mailbox, Mailer
from tests.fakes.clock import FakeClock
from tests.makers import T0, make_mail


async def test_what_was_sent_can_be_read_the_newest_first() -> None:
    clock = FakeClock()
    both = DevelopmentMailbox(clock)
    mailer: Mailer = both
    mailbox: Mailbox = both
    assert list(mailbox.messages()) == []
    await mailer.send(first := make_mail("ann@example.com"))
    clock.advance(timedelta(seconds=1))
    await mailer.send(second := make_mail("bob@example.com"))
    assert list(mailbox.messages()) == [(second, T0 + timedelta(seconds=1)), (first, T0)]


async def test_it_keeps_the_newest_two_hundred() -> None:
    mailbox = DevelopmentMailbox(FakeClock())
    mails = [make_mail(subject=str(number)) for number in range(205)]
    for mail in mails:
        await mailbox.send(mail)
    assert [mail for mail, _ in mailbox.messages()] == mails[:4:-1]
