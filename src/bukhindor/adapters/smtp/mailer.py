"""Delivery by SMTP (RFC 5321)."""

import asyncio
import re
import secrets
import ssl
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from bukhindor.adapters.smtp.server_url import MailServer, Sender
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.mail import Mail, MailNotAccepted

_FAREWELL_SECONDS = 2.0
_PERMANENT = range(500, 600)
# The server wants another login (RFC 4954 section 6): no mail is to blame for that.
_ABOUT_LOGIN = frozenset({530, 534, 535, 538})
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


class SmtpMailer:
    """One connection for each mail, over TLS unless the server is reached without.

    A delivery that takes longer than `timeout` seconds has failed. `tls` replaces the system's certificate
    authorities.
    """

    def __init__(
        self, server: MailServer, sender: Sender, timeout: float = 30.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._sender = Address(sender.name, addr_spec=sender.address.value)
        self._timeout = timeout
        uses_tls = self._server.implicit_tls or self._server.starttls
        self._tls = tls or (ssl.create_default_context() if uses_tls else None)

    async def send(self, mail: Mail) -> None:
        try:
            content = self._message(mail).as_bytes()
        except ValueError:
            # Its text may hold the header that was refused.
            raise MailNotAccepted("A header or the text can't be written as mail.", permanent=True) from None
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await client.sendmail(self._sender.addr_spec, [mail.to.value], content)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _refusal(error) from None
        else:
            # From here on it is delivered, whatever becomes of the farewell.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=min(_FAREWELL_SECONDS, self._timeout))
        finally:
            client.close()

    async def check(self) -> None:
        """Connect and log in as for a mail, and send none. Raises MailNotAccepted."""
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await client.quit()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _refusal(error) from None
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            # Left out, it would be asked of the network's name server.
            local_hostname=self._sender.domain,
            timeout=self._timeout,
            use_tls=server.implicit_tls,
            start_tls=server.starttls,
            tls_context=self._tls,
        )

    def _message(self, mail: Mail) -> EmailMessage:
        """Raises ValueError for an address or a subject that would break out of its header."""
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in mail.subject):
            raise ValueError("Control characters have no place in a header.")
        message = EmailMessage(SMTP)
        message["From"] = self._sender
        message["To"] = _recipient(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{secrets.token_hex(16)}@{self._sender.domain}>"
        # RFC 3834 section 5: no out-of-office note comes back.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
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


def _refusal(error: Exception) -> MailNotAccepted:
    """Why, in our own words: what a server says may quote the mail or the login."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        enhanced = _ENHANCED_CODE.match(error.message)
        reason = f"The mail server answered {error.code}{f' {enhanced[0]}' if enhanced else ''} {_stage_of(error)}."
        about_the_mail = isinstance(
            error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError
        )
        is_permanent = about_the_mail and error.code in _PERMANENT and error.code not in _ABOUT_LOGIN
        return MailNotAccepted(reason, permanent=is_permanent)
    if isinstance(error, TimeoutError):
        return MailNotAccepted("The mail server took too long.", permanent=False)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return MailNotAccepted("The mail server's TLS or its certificate was not accepted.", permanent=False)
    return MailNotAccepted(f"The mail server could not be used ({type(error).__name__}).", permanent=False)


def _stage_of(error: aiosmtplib.SMTPResponseException) -> str:
    match error:
        case aiosmtplib.SMTPSenderRefused():
            return "to the sender's address"
        case aiosmtplib.SMTPRecipientRefused():
            return "to the recipient's address"
        case aiosmtplib.SMTPDataError():
            return "to the message"
        case aiosmtplib.SMTPAuthenticationError():
            return "to the login"
    return "to the connection"
