"""Mails as Internet messages (RFC 5322)."""

import secrets
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from bukhindor.adapters.smtp.server_url import Sender
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.mail import Mail, MailNotAccepted


def message_of(mail: Mail, id: UUID, sender: Sender, reply_to: Sender | None = None) -> bytes:
    """Return the message that a mail server receives. Raises MailNotAccepted."""
    try:
        return _message(mail, id, sender, reply_to).as_bytes()
    except ValueError:
        # Its text may hold the header that was refused.
        raise MailNotAccepted("A header or the text can't be written as mail.", permanent=True) from None


def _message(mail: Mail, id: UUID, sender: Sender, reply_to: Sender | None) -> EmailMessage:
    """Raises ValueError for an address or a subject that would break out of its header."""
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in mail.subject):
        raise ValueError("Control characters have no place in a header.")
    message = EmailMessage(SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address.value)
    message["To"] = _recipient(mail.to)
    if reply_to is not None:
        message["Reply-To"] = Address(reply_to.name, addr_spec=reply_to.address.value)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{id.hex}@{sender.domain}>"
    # RFC 3834 section 5: no out-of-office note comes back.
    message["Auto-Submitted"] = "auto-generated"
    # Exchange and Outlook read this one. Notes that a mail could not be delivered still come.
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    # The library would draw it from the random module, which can be predicted and is shared with the whole process.
    message.set_boundary(secrets.token_hex(16))
    return message


def _recipient(to: EmailAddress) -> Address:
    """One mailbox, whatever the address went through since it was parsed. Raises ValueError."""
    try:
        is_one_mailbox = EmailAddress.parse(to.value) == to
    except InvalidValue:
        is_one_mailbox = False
    if not is_one_mailbox:
        raise ValueError("The address is not in its canonical form.")
    return Address(username=to.local_part, domain=to.value.rpartition("@")[2])
