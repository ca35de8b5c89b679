"""Mails go out as they should, over the connection that was asked for."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from bukhindor.adapters.smtp.mailer import Patience, SmtpMailer
from bukhindor.adapters.smtp.server_url import Sender
from bukhindor.config.mail import mail_server, sender
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.mail import Mail, MailNotAccepted
from bukhindor.ports.mail import Mailer
from tests.adapters.smtp.sink import PASSWORD, USER, Sink, serving
from tests.makers import make_mail
from tests.servers.certificate import Certificate

SENDER = sender("Example <no-reply@accounts.example.com>")
ID = UUID("01900000-0000-7000-8000-000000000001")
PLENTY = Patience(20, 20)
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def plain(sink: Sink, mail_from: Sender = SENDER, patience: Patience = PLENTY) -> Mailer:
    return SmtpMailer(mail_server(f"smtp://127.0.0.1:{sink.port}?starttls=never"), mail_from, patience)


async def refusal(mailer: Mailer, mail: Mail) -> MailNotAccepted:
    with pytest.raises(MailNotAccepted) as refused:
        await mailer.send(mail, ID)
    return refused.value


async def test_a_mail_arrives_as_text_and_html(sink: Sink) -> None:
    html = "<p>Привет 👍</p>" + "<p>x = 1 &amp; y</p>" * 200
    mail = make_mail(subject="Сброс пароля — пример", text="Здравствуйте!\n\n.\n1234 5678\n", html=html)
    await plain(sink).send(mail, ID)
    (received,) = sink.received
    assert (received.sender, received.recipients) == ("no-reply@accounts.example.com", ["ann@example.com"])
    assert received.message["subject"] == "Сброс пароля — пример"
    assert received.part("plain") == mail.text
    assert received.part("html").rstrip("\n") == mail.html
    assert received.content.isascii()
    assert max(map(len, received.content.split(b"\r\n"))) <= 998
    assert received.message.get_content_type() == "multipart/alternative"


async def test_the_headers_are_these_and_no_others(sink: Sink) -> None:
    await plain(sink).send(make_mail(subject="Hello"), ID)
    message = sink.received[0].message
    assert sorted(name.lower() for name in message) == [
        "auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to",
        "x-auto-response-suppress",
    ]  # fmt: skip
    assert (message["from"], message["to"]) == (str(SENDER), "ann@example.com")
    assert message["auto-submitted"] == "auto-generated"
    assert message["x-auto-response-suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert abs(parsedate_to_datetime(message["date"]) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_every_try_of_a_mail_has_one_id_and_each_mail_its_own(sink: Sink) -> None:
    """Mailboxes that know the id keep one copy."""
    for id in (ID, ID, uuid4()):
        await plain(sink).send(make_mail(), id)
    first, again, other = (received.message["message-id"] for received in sink.received)
    assert first == again == f"<{ID.hex}@accounts.example.com>"
    assert other != first


async def test_answers_go_where_the_team_wants_them(sink: Sink) -> None:
    url = f"smtp://127.0.0.1:{sink.port}?starttls=never"
    await SmtpMailer(mail_server(url), SENDER, PLENTY, reply_to=sender("Help <help@example.com>")).send(make_mail(), ID)
    assert sink.received[0].message["reply-to"] == "Help <help@example.com>"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("no-reply@example.com", "no-reply@example.com"),
        ('"Пример, ООО" <a@example.com>', '"Пример, ООО" <a@example.com>'),
        ("Example Ltd <a@localhost.localdomain>", "Example Ltd <a@localhost.localdomain>"),
    ],
)
async def test_the_sender_may_have_a_name(sink: Sink, written: str, shown: str) -> None:
    await plain(sink, sender(written)).send(make_mail(), ID)
    assert sink.received[0].message["from"] == shown


async def test_we_greet_as_the_domain_of_the_sender(sink: Sink) -> None:
    """No name server is asked for our name."""
    await plain(sink).send(make_mail(), ID)
    assert set(sink.greeted_as) == {"accounts.example.com"}


async def test_starttls_and_login_come_before_the_mail(certificate: Certificate) -> None:
    async with serving(Sink(), starttls=certificate.server(), login=True) as sink:
        mailer = SmtpMailer(mail_server(f"smtp://{LOGIN}localhost:{sink.port}"), SENDER, PLENTY, certificate.client())
        await mailer.send(make_mail(), ID)
    (received,) = sink.received
    assert (received.was_encrypted, received.login) == (True, USER)
    assert sink.logins == [(USER, PASSWORD)]


async def test_tls_from_the_first_byte(certificate: Certificate) -> None:
    """RFC 8314."""
    async with serving(Sink(), tls=certificate.server()) as sink:
        await SmtpMailer(mail_server(f"smtps://localhost:{sink.port}"), SENDER, PLENTY, certificate.client()).send(
            make_mail(), ID
        )
    assert sink.received[0].was_encrypted


async def test_nothing_is_sent_in_clear_when_the_server_has_no_starttls(certificate: Certificate) -> None:
    """An attacker in between could have removed the offer."""
    async with serving(Sink()) as sink:
        mailer = SmtpMailer(mail_server(f"smtp://{LOGIN}localhost:{sink.port}"), SENDER, PLENTY, certificate.client())
        refused = await refusal(mailer, make_mail())
    assert (str(refused), refused.permanent) == (
        "The mail server offers no STARTTLS, and no mail is sent in clear.",
        False,
    )
    assert sink.logins == []
    assert sink.received == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["unknown authority", "other name"])
async def test_a_certificate_is_checked(certificate: Certificate, scheme: str, fault: str) -> None:
    context = certificate.server()
    served = serving(Sink(), starttls=context) if scheme == "smtp" else serving(Sink(), tls=context)
    async with served as sink:
        host = "localhost" if fault == "unknown authority" else "127.0.0.1"
        client = None if fault == "unknown authority" else certificate.client()
        mailer = SmtpMailer(mail_server(f"{scheme}://{LOGIN}{host}:{sink.port}"), SENDER, PLENTY, client)
        refused = await refusal(mailer, make_mail())
    assert not refused.permanent
    assert "certificate" in str(refused)
    assert sink.received == []


HOSTILE = [
    "x\r\nBcc: evil@example.com",
    "x\nBcc: evil@example.com",
    "x\r",
    "x\x00",
    "x\u2028Bcc: evil",
    "x\x0b",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_subject_or_address_breaks_out_of_its_header(sink: Sink, text: str) -> None:
    """ML-01: such a mail is given up before any connection is made."""
    mails = [
        make_mail(subject=text),
        Mail(EmailAddress(f"{text}@example.com"), "Hello", "text", "<p>html</p>"),
        Mail(EmailAddress(f"ann@example.com{text[1:]}") if len(text) > 1 else EmailAddress(""), "Hello", "", ""),
    ]
    for mail in mails:
        refused = await refusal(plain(sink), mail)
        assert refused.permanent
        assert "evil" not in str(refused)
    assert sink.connections == 0


async def test_no_second_recipient_can_be_named(sink: Sink) -> None:
    """ML-01."""
    for value in ("a@example.com, evil@example.com", "a@example.com> <evil@example.com", "evil", "a@b@c.example"):
        assert (await refusal(plain(sink), Mail(EmailAddress(value), "Hello", "", ""))).permanent
    assert sink.received == []


async def test_what_looks_like_smtp_in_the_text_stays_text(sink: Sink) -> None:
    """ML-01: one message, one recipient."""
    text = "Hello\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nBcc: x\r\n.\r\n"
    await plain(sink).send(make_mail(text=text, html=f"<pre>{text}</pre>", subject="%0d%0aBcc: evil@example.com"), ID)
    (received,) = sink.received
    assert received.recipients == ["ann@example.com"]
    assert received.message["bcc"] is None
    assert received.part("plain") == text.replace("\r\n", "\n")
