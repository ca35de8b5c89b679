"""Whether a mail server could be used, without sending a mail."""

import asyncio
from urllib.parse import quote

import pytest

from bukhindor.adapters.smtp.mailer import Patience, SmtpMailer
from bukhindor.config.mail import mail_server, sender
from bukhindor.domain.mail import MailNotAccepted
from tests.adapters.smtp.sink import PASSWORD, USER, Sink, serving
from tests.servers.certificate import Certificate
from tests.servers.listening import listening

PLENTY = Patience(20, 20)
SENDER = sender("no-reply@example.com")


async def test_a_server_that_answers_is_fine_and_gets_no_mail(sink: Sink) -> None:
    await SmtpMailer(mail_server(f"smtp://127.0.0.1:{sink.port}?starttls=never"), SENDER).check()
    assert (sink.connections, sink.received) == (1, [])


@pytest.mark.parametrize(("password", "is_accepted"), [(PASSWORD, True), ("hunter22", False)])
async def test_the_login_is_tried(certificate: Certificate, password: str, is_accepted: bool) -> None:
    async with serving(Sink(), starttls=certificate.server(), login=True) as sink:
        login = f"{quote(USER, safe='')}:{quote(password, safe='')}"
        mailer = SmtpMailer(mail_server(f"smtp://{login}@localhost:{sink.port}"), SENDER, PLENTY, certificate.client())
        if is_accepted:
            await mailer.check()
        else:
            with pytest.raises(MailNotAccepted, match=r"answered 535 .*to the login") as refused:
                await mailer.check()
            assert "hunter22" not in str(refused.value)
    assert (USER, password) in sink.logins
    assert sink.received == []


async def test_a_missing_server_is_reported() -> None:
    async with serving(Sink()) as gone:
        port = gone.port
    with pytest.raises(MailNotAccepted, match="refused the connection"):
        await SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER).check()


async def test_a_server_that_keeps_silent_is_not_waited_for() -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async with listening(keep_silent) as port:
        with pytest.raises(MailNotAccepted, match="took too long"):
            await SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, Patience(0.1)).check()
