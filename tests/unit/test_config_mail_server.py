"""How a mail server is named."""

import pytest

from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.config.mail import mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, False, True)),
        ("smtp://mail.example.com/", MailServer("mail.example.com", 587, False, True)),
        ("smtps://mail.example.com", MailServer("mail.example.com", 465, True, False)),
        ("SMTP://MAIL.example.com:2525", MailServer("mail.example.com", 2525, False, True)),
        ("smtp://localhost:25?starttls=never", MailServer("localhost", 25, False, False, is_local=True)),
        ("smtp://[::1]:25", MailServer("::1", 25, False, True, is_local=True)),
        ("smtps://a%40b.co:p%40%3A%2F%23@h:1", MailServer("h", 1, True, False, False, "a@b.co", "p@:/#")),
        ("smtp://user@h", MailServer("h", 587, False, True, False, "user", None)),
    ],
)
def test_a_server_is_read(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://canary@h",
        "smtp://",
        "smtp://canary@",
        "smtp://user:canary@[h",
        "smtp://user:ca nary@h",
        "smtp://user:canary@h_ü",
        "smtp://user:canary@h:port",
        "smtp://user:canary@h:0",
        "smtp://user:canary@h:70000",
        "smtp://user:canary@h/path",
        "smtp://user:canary@h#x",
        "smtp://user:canary@h?starttls=maybe",
        "smtp://user:canary@h?timeout=1",
        "smtps://user:canary@h?starttls=never",
    ],
)
def test_anything_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"mail URL|not a URL|port|option|list of") as refused:
        mail_server(url)
    assert "canary" not in str(refused.value)


def test_the_password_is_not_printed() -> None:
    assert "canary" not in repr(mail_server("smtp://user:canary@h"))
