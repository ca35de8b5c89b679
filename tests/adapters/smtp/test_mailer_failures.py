"""What a mail server may do wrong, and which of it is worth another try."""

import asyncio
import time
from urllib.parse import quote
from uuid import UUID

import pytest

from bukhindor.adapters.smtp import mailer
from bukhindor.adapters.smtp.mailer import Patience, SmtpMailer
from bukhindor.config.mail import mail_server, sender
from bukhindor.domain.mail import MailNotAccepted
from tests.adapters.smtp.sink import PASSWORD, USER, Sink, serving
from tests.makers import make_mail
from tests.servers.certificate import Certificate
from tests.servers.listening import Talk, listening

SENDER = sender("no-reply@example.com")
MAIL = make_mail()
ID = UUID("01900000-0000-7000-8000-000000000001")
PLENTY = Patience(20, 20)


async def refusal(port: int, patience: Patience = PLENTY) -> MailNotAccepted:
    with pytest.raises(MailNotAccepted) as refused:
        await SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, patience).send(MAIL, ID)
    return refused.value


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["550 5.1.1 No, t0ken is not welcome", "554 No", "421 4.3.2 Later", "451 Later"])
async def test_a_server_that_says_no_is_asked_again_only_if_that_may_help(sink: Sink, command: str, reply: str) -> None:
    """REL-29: 5xx about the mail is permanent, 4xx is not. What is wrong with the sender is not the mail's fault."""
    sink.replies[command] = reply
    refused = await refusal(sink.port)
    assert refused.permanent is (reply.startswith("5") and command != "MAIL")
    assert reply[:3] in str(refused)
    assert ("5.1.1" in str(refused)) is ("5.1.1" in reply)
    assert "t0ken" not in str(refused)
    assert sink.received == []


@pytest.mark.parametrize(
    ("command", "reply", "permanent"),
    [
        ("DATA", "550 5.4.5 Daily user sending limit exceeded", False),
        ("RCPT", "550 5.4.5 Daily user sending limit exceeded", False),
        ("MAIL", "553 5.7.1 Sender address rejected: not owned by user", False),
        ("MAIL", "553 Sorry, that sender is not allowed", False),
        ("RCPT", "553 5.7.1 Sender address rejected: not owned by user", False),
        ("RCPT", "554 5.7.1 Relay access denied", False),
        ("RCPT", "553 5.1.8 Sender's domain was not found", False),
        ("RCPT", "552 5.2.2 The mailbox is full", False),
        ("RCPT", "552 The mailbox is full", False),
        ("RCPT", "553 5.1.3 Bad mailbox", True),
        ("RCPT", "550 5.2.1 The mailbox is disabled", True),
        ("DATA", "550 5.7.60 Client does not have permission to send as this sender", False),
        ("DATA", "554 5.7.1 This is spam", True),
        ("DATA", "552 5.3.4 The message is too big", True),
    ],
)
async def test_quotas_and_refused_senders_are_mended_by_the_operator(
    sink: Sink, command: str, reply: str, permanent: bool
) -> None:
    sink.replies[command] = reply
    assert (await refusal(sink.port)).permanent is permanent


async def test_a_server_that_wants_a_login_is_asked_again(sink: Sink) -> None:
    """The configuration is wrong, not the mail: it must not be thrown away."""
    sink.replies["MAIL"] = "530 5.7.0 Authentication required"
    assert not (await refusal(sink.port)).permanent


async def test_a_wrong_password_is_not_the_mails_fault(certificate: Certificate) -> None:
    async with serving(Sink(), starttls=certificate.server(), login=True) as sink:
        url = f"smtp://{quote(USER)}:w0rng-canary@localhost:{sink.port}"
        with pytest.raises(MailNotAccepted) as refused:
            await SmtpMailer(mail_server(url), SENDER, PLENTY, certificate.client()).send(MAIL, ID)
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
        refused = await refusal(port, Patience(0.3, 0.3))
        assert time.perf_counter() - begin < 20
    assert not refused.permanent


async def test_a_message_is_given_the_time_that_it_takes(sink: Sink) -> None:
    """RFC 5321 section 4.5.3.2: a server may have taken a message long before it says so. No second copy."""
    sink.seconds_over_data = 0.6
    url = mail_server(f"smtp://127.0.0.1:{sink.port}?starttls=never")
    await SmtpMailer(url, SENDER, Patience(0.3, 20)).send(MAIL, ID)
    assert len(sink.received) == 1
    with pytest.raises(MailNotAccepted, match="took too long"):
        await SmtpMailer(url, SENDER, Patience(20, 0.1)).send(MAIL, ID)


def test_the_times_are_those_of_the_standard() -> None:
    assert Patience() == Patience(response=300, after_data=600)


@pytest.mark.parametrize(
    ("capability", "sentence"),
    [
        ("", "The mail server offers no login (AUTH), and SMTP_URL names a user."),
        ("AUTH GSSAPI", "The mail server offers no login mechanism that is known here: CRAM-MD5, PLAIN or LOGIN."),
    ],
)
async def test_what_a_server_does_not_offer_has_a_sentence_of_its_own(capability: str, sentence: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        await reader.readline()
        writer.write(f"250-mail.example.com\r\n250 {capability or 'HELP'}\r\n".encode())
        await reader.read()

    async with listening(talk) as port:
        mailer = SmtpMailer(mail_server(f"smtp://u:p@127.0.0.1:{port}?starttls=never"), SENDER, PLENTY)
        with pytest.raises(MailNotAccepted) as refused:
            await mailer.send(MAIL, ID)
    assert (str(refused.value), refused.value.permanent) == (sentence, False)


async def test_a_server_of_before_ehlo_is_greeted_with_helo() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"502 What?\r\n" if line.startswith(b"EHLO") else b"250 Hello\r\n")

    async with listening(talk) as port:
        await SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, PLENTY).check()
    assert [line[:4] for line in heard] == [b"EHLO", b"HELO", b"QUIT"]


async def test_a_name_without_an_address_and_a_closed_port_are_told_apart() -> None:
    with pytest.raises(MailNotAccepted, match="name was not found"):
        await SmtpMailer(mail_server("smtp://mail.invalid?starttls=never"), SENDER, PLENTY).send(MAIL, ID)
    async with listening(silence) as port:
        pass
    assert "refused the connection" in str(await refusal(port))


async def test_tls_and_certificates_are_told_apart(certificate: Certificate) -> None:
    async with serving(Sink()) as sink:
        with pytest.raises(MailNotAccepted, match="TLS was not accepted"):
            await SmtpMailer(mail_server(f"smtps://localhost:{sink.port}"), SENDER, PLENTY).send(MAIL, ID)


async def test_a_server_that_hangs_after_it_took_the_mail_has_it(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """ML-03: no second copy."""
    sink.replies["QUIT"] = "never"
    monkeypatch.setattr(mailer, "_FAREWELL_SECONDS", 0.1)
    await SmtpMailer(mail_server(f"smtp://127.0.0.1:{sink.port}?starttls=never"), SENDER, PLENTY).send(MAIL, ID)
    assert len(sink.received) == 1


async def test_a_delivery_that_is_cancelled_lets_go_of_its_connection() -> None:
    come, gone = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        assert (await reader.readline()).startswith(b"EHLO")
        come.set()
        await reader.read()
        gone.set()

    async with listening(wait) as port, asyncio.timeout(20):
        mailer = SmtpMailer(mail_server(f"smtp://127.0.0.1:{port}?starttls=never"), SENDER, Patience(40, 40))
        task = asyncio.create_task(mailer.send(MAIL, ID))
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()
