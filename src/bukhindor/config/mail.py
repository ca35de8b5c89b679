"""Where mails are delivered, who they are from, and where their links lead."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from bukhindor.adapters.smtp.server_url import MailServer, Sender
from bukhindor.config.durations import quoted
from bukhindor.config.origins import Address, parse_web_address
from bukhindor.config.server_url import ServerUrl
from bukhindor.config.sources import Sources
from bukhindor.config.values import NO, choice, existing_folder, is_loopback, optional
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.text import has_unsafe_characters

GOOD_MAIL_SERVER = "smtp://user:password@mail.example.com:587"
GOOD_REPLY_TO = "Example support <support@example.com>"
GOOD_SENDER = "Example <no-reply@example.com>"

_PORTS = {"smtp": 587, "smtps": 465}
# A name with other characters stands in quotation marks (RFC 5322 section 3.2.3); none of them ends the name early.
_SENDER = re.compile(r'(?:([^"<>()\[\]\\,:;@]*[^"<>()\[\]\\,:;@\s]|"[^"\\]*")\s*)?<([^<>]*)>')
_DEEP_LINK = re.compile(r"([a-z][a-z0-9+.-]{1,30})://[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")
# Schemes that browsers and systems open themselves, or pass to a program of their own choice.
_NO_APP = frozenset(
    "javascript vbscript data blob file filesystem about view-source jar resource chrome intent content ftp sftp ssh "
    "telnet ldap smb ws wss http https mailto tel sms search-ms".split()
)


class DevMailbox(StrEnum):
    """Who may read the mails of a development installation: this machine, every client that reaches it, or no one."""

    LOCAL = "local"
    NETWORK = "network"
    OFF = "off"


_OTHER_WORDS = dict.fromkeys(NO, DevMailbox.OFF)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """`app_url` is where mailed links lead, None for the pages of this service. Without a `server`, development keeps
    mails in a mailbox of its own. Answers go to `reply_to`, None for the sender. `templates_dir` is the folder of a
    team's own mails."""

    app_url: Address | None
    server: MailServer | None
    sender: Sender
    reply_to: Sender | None
    dev_mailbox: DevMailbox
    templates_dir: Path | None

    @classmethod
    def read(cls, sources: Sources, product_name: str) -> Self:
        read = sources.read
        usual_sender = Sender(product_name, EmailAddress.parse("no-reply@localhost.localdomain"))
        return cls(
            app_url=read("APP_URL", optional(app_address), None, "https://app.example.com"),
            server=sources.read_url("SMTP_URL", mail_server, None, _example_like),
            sender=read("MAIL_FROM", sender, usual_sender, GOOD_SENDER),
            reply_to=read("MAIL_REPLY_TO", optional(sender), None, GOOD_REPLY_TO),
            dev_mailbox=read("DEV_MAILBOX", choice(DevMailbox, _OTHER_WORDS), DevMailbox.LOCAL, "local"),
            templates_dir=read("TEMPLATES_DIR", existing_folder, None, "./mails"),
        )

    @property
    def has_dev_mailbox(self) -> bool:
        """Whether mails stay here, to be read at /dev/mailbox. Production never starts without a mail server."""
        return self.server is None and self.dev_mailbox is not DevMailbox.OFF

    @property
    def drops_mails(self) -> bool:
        """Whether mails are dropped: in development, without a mail server and without a mailbox."""
        return self.server is None and self.dev_mailbox is DevMailbox.OFF


def _example_like(text: str) -> str:
    """A good URL for the kind of mail server that `text` seems to mean."""
    return "smtps://user:password@mail.example.com" if text.lower().startswith("smtps") else GOOD_MAIL_SERVER


def mail_server(text: str) -> MailServer:
    """Read `smtp://user:password@host:587`, `smtps://host:465` or `smtp://host:25?starttls=never`.

    Raises ValueError with a sentence that repeats no part of the text: it may contain a password.
    """
    url = ServerUrl.parse(text, "mail", tuple(_PORTS))
    host, port = url.place(_PORTS[url.scheme])
    if url.path not in ("", "/"):
        raise ValueError("a mail URL must have nothing but a port and ?starttls=never after the host")
    if url.options and (url.scheme, url.options) != ("smtp", {"starttls": "never"}):
        raise ValueError("a mail URL must have no option but ?starttls=never, and that only with smtp://")
    implicit_tls = url.scheme == "smtps"
    starttls = not implicit_tls and not url.options
    password = url.password if url.user is not None else None
    return MailServer(host, port, implicit_tls, starttls, is_loopback(host), url.user, password)


def sender(text: str) -> Sender:
    """An address, with a name or without: `Example <no-reply@example.com>`; the address in its canonical form.

    Raises ValueError.
    """
    if has_unsafe_characters(text):
        raise ValueError("a sender can't hold control or invisible characters")
    match = _SENDER.fullmatch(text)
    name, address = match.groups() if match else (None, text)
    try:
        canonical = EmailAddress.parse(address)
    except InvalidValue:
        raise ValueError(f"{quoted(text)} is not an email address, or a name and an address in <>") from None
    return Sender((name or "").strip('"'), canonical)


def app_address(text: str) -> Address:
    """`https://host[/path]` of a web app, or a deep link such as `myapp://account`; no slash at the end.

    Raises ValueError. A text that may contain a password is not repeated in it.
    """
    if "@" in text:
        raise ValueError("a user name or password does not belong here")
    deep_link = _DEEP_LINK.fullmatch(text)
    if deep_link is not None and deep_link[1] not in _NO_APP:
        return Address(deep_link[1], text.removeprefix(f"{deep_link[1]}://").rstrip("/"))
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"{quoted(text)} is not a web address or a deep link of an app")
    return parse_web_address(text)
