"""Mails as Internet messages (RFC 5322)."""

import secrets
import unicodedata
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidInput
from bukhindor.domain.mail import Mail, MailNotAccepted


class MessageFormat:
    """`sender` is an address, with or without a name: `Example <no-reply@example.com>`. Raises ValueError for any
    other text."""

    def __init__(self, sender: str) -> None:
        self.sender = _sender(sender)

    def write(self, mail: Mail) -> bytes:
        """Return the message that a mail server receives. Raises MailNotAccepted."""
        try:
            return self._message(mail).as_bytes()
        except ValueError:
            # Its text may hold the header that was refused.
            raise MailNotAccepted("A header or the text can't be written as mail.", permanent=True) from None

    def _message(self, mail: Mail) -> EmailMessage:
        """Raises ValueError for an address or a subject that would break out of its header."""
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in mail.subject):
            raise ValueError("Control characters have no place in a header.")
        message = EmailMessage(SMTP)
        message["From"] = self.sender
        message["To"] = _recipient(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{secrets.token_hex(16)}@{self.sender.domain}>"
        # RFC 3834 section 5: no out-of-office note comes back.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        return message


def _sender(text: str) -> Address:
    name, address = parseaddr(text)
    try:
        sender = Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        sender = Address()
    if not sender.username or not sender.domain or not address.isascii():
        raise ValueError("The sender is an e-mail address, with or without a name before it.")
    return sender


def _recipient(to: EmailAddress) -> Address:
    """One mailbox, whatever the address went through since it was parsed. Raises ValueError."""
    try:
        is_one_mailbox = EmailAddress.parse(to.value) == to
    except InvalidInput:
        is_one_mailbox = False
    if not is_one_mailbox:
        raise ValueError("The address is not in its canonical form.")
    return Address(username=to.local_part, domain=to.value.rpartition("@")[2])
