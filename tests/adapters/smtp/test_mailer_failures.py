"""What a mail server may do wrong, and which of it is worth another try."""

import asyncio
import time
from urllib.parse import quote

import pytest

from bukhindor.adapters.smtp import mailer
from bukhindor.adapters.smtp.mailer import SmtpMailer
from bukhindor.config.mail import mail_server, sender
from bukhindor.domain.mail import MailNotAccepted
from tests.adapters.smtp.sink import PASSWORD, USER, Sink, serving
from tests.makers import make_mail
from tests.servers.certificate import Certificate
from tests.servers.listening import Talk, listening

SENDER = sender("no-reply@example.com")
MAIL = make_mail()
PLENTY = 20


async def refusal(port: int, timeout: float = PLENTY) -> MailNotAccepted:
    with pytest.raises(MailNotAccepted) as refused:
        await SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, timeout).send(MAIL)
    return refused.value


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["550 5.1.1 No, t0ken is not welcome", "554 No", "421 4.3.2 Later", "451 Later"])
async def test_a_server_that_says_no_is_asked_again_only_if_that_may_help(sink: Sink, command: str, reply: str) -> None:
    """REL-29: 5xx about the mail is permanent, 4xx is not."""
    sink.replies[command] = reply
    refused = await refusal(sink.port)
    assert refused.permanent is reply.startswith("5")
    assert reply[:3] in str(refused)
    assert ("5.1.1" in str(refused)) is ("5.1.1" in reply)
    assert "t0ken" not in str(refused)
    assert sink.received == []


async def test_a_server_that_wants_a_login_is_asked_again(sink: Sink) -> None:
    """The configuration is wrong, not the mail: it must not be thrown away."""
    sink.replies["MAIL"] = "530 5.7.0 Authentication required"
    assert not (await refusal(sink.port)).permanent


async def test_a_wrong_password_is_not_the_mails_fault(certificate: Certificate) -> None:
    async with serving(Sink(), starttls=certificate.server(), login=True) as sink:
        url = f"smtp://{quote(USER)}:w0rng-canary@localhost:{sink.port}"
        with pytest.raises(MailNotAccepted) as refused:
            await SmtpMailer(mail_server(url), SENDER, PLENTY, certificate.client()).send(MAIL)
    assert not refused.value.permanent
    assert "535" in str(refused.value)
    assert "w0rng-canary" not in f"{refused.value!r}{refused.value.__cause__!r}"
    assert PASSWORD not in str(refused.value)
    assert sink.received == []


async def test_no_server_listens() -> None:
    """ML-03: the mail waits for the server."""
    async with listening(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    assert not (await refusal(port)).permanent


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One more line of greeting before each time-out of the client's."""
    while True:
        writer.write(b"220-please wait\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Without a word."""


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    await writer.drain()


async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 5.7.1 Your address is on a list\r\n")
    await writer.drain()
    await asyncio.sleep(3600)


@pytest.mark.parametrize("talk", [silence, drip, hang_up, nonsense, turn_away])
async def test_a_server_that_is_slow_or_broken_is_left_in_time_and_asked_again(talk: Talk) -> None:
    """REL-29, ML-03: also one that always says just enough to keep us."""
    async with listening(talk) as port:
        begin = time.perf_counter()
        refused = await refusal(port, timeout=0.3)
        assert time.perf_counter() - begin < PLENTY
    assert not refused.permanent


async def test_a_server_that_hangs_after_it_took_the_mail_has_it(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """ML-03: no second copy."""
    sink.replies["QUIT"] = "never"
    monkeypatch.setattr(mailer, "_FAREWELL_SECONDS", 0.1)
    await SmtpMailer(mail_server(f"smtp://127.0.0.1:{sink.port}?starttls=never"), SENDER, PLENTY).send(MAIL)
    assert len(sink.received) == 1


async def test_a_delivery_that_is_cancelled_lets_go_of_its_connection() -> None:
    come, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        assert (await reader.readline()).startswith(b"EHLO")
        come.set()
        await reader.read()
        gone.set()

    async with listening(wait) as port, asyncio.timeout(PLENTY):
        delivery = SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, 2 * PLENTY).send(MAIL)
        task = asyncio.create_task(delivery)
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()
