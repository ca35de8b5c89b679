"""Where mails leave, whom they are from, and where their links lead."""

import re
from urllib.parse import urlsplit

from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.config.durations import quoted
from bukhindor.config.origins import parse_origin
from bukhindor.config.values import is_loopback
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.text import has_unsafe_characters

# A name with other signs stands in quotation marks (RFC 5322 section 3.2.3); none of them ends the name early.
_SENDER = re.compile(r'(?:([^"<>()\[\]\\,:;@]*[^"<>()\[\]\\,:;@\s]|"[^"\\]*")\s*)?<([^<>]*)>')
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_DEEP_LINK = re.compile(r"([a-z][a-z0-9+.-]{1,30})://[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")
# What browsers and systems open themselves, or hand to a program of their own choice.
_NO_APP = frozenset(
    "javascript vbscript data blob file filesystem about view-source jar resource chrome intent content ftp sftp ssh "
    "telnet ldap smb ws wss http https mailto tel sms search-ms".split()
)


def smtp_url(text: str) -> str:
    """An SMTP URL. Raises ValueError with a sentence that repeats no part of it: it may hold a password."""
    try:
        MailServer.parse(text)
    except ValueError as error:
        sentence = str(error)
        raise ValueError(f"{sentence[0].lower()}{sentence[1:].rstrip('.')}") from None
    return text


def sends_in_clear(url: str) -> bool:
    """Whether mails to this good SMTP URL cross a network without TLS.

    `smtp://` insists on STARTTLS and `smtps://` begins with TLS, so only `?starttls=never` does.
    """
    server = MailServer.parse(url)
    return not (server.implicit_tls or server.starttls or is_loopback(server.host))


def has_password(url: str) -> bool:
    """Whether a good SMTP URL holds a login's password."""
    return MailServer.parse(url).password is not None


def sender(text: str) -> str:
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
        raise ValueError(f"{quoted(text)} is neither an e-mail address nor a name and an address in <>") from None
    return f"{name} <{canonical}>" if name else str(canonical)


def app_address(text: str) -> str:
    """`https://host[/path]` of a web app, or a deep link such as `myapp://account`; no slash at the end.

    Raises ValueError. A text that may hold a password is not repeated in it.
    """
    if "@" in text:
        raise ValueError("a user name or password does not belong here")
    deep_link = _DEEP_LINK.fullmatch(text)
    if deep_link is not None and deep_link[1] not in _NO_APP:
        return text.rstrip("/")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address") from None
    if parts.scheme not in ("http", "https") or not text.isprintable():
        raise ValueError(f"{quoted(text)} is neither a web address nor a deep link of an app")
    origin = parse_origin(f"{parts.scheme}://{parts.netloc}")
    if "?" in text or "#" in text:
        raise ValueError(f"{quoted(text)} goes on after the path")
    if not _PATH.fullmatch(parts.path):
        raise ValueError(f"the path in {quoted(text)} holds more than letters, digits and -._~ between single slashes")
    return origin + parts.path.rstrip("/")
