"""Delivery by SMTP (RFC 5321)."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import aiosmtplib

from bukhindor.adapters.smtp.message import message_of
from bukhindor.adapters.smtp.refusals import NoLogin, NoMechanism, NoStartTls, explained
from bukhindor.adapters.smtp.server_url import MailServer, Sender
from bukhindor.domain.mail import Mail

_FAREWELL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the server may take for each response (RFC 5321 section 4.5.3.2).

    A server that has received a whole message may have taken it: who leaves early makes a second copy of the mail.
    """

    response: float = 300.0
    after_data: float = 600.0


class SmtpMailer:
    """One connection for each mail, over TLS unless the server is reached without.

    `tls` replaces the system's certificate authorities.
    """

    def __init__(
        self,
        server: MailServer,
        sender: Sender,
        patience: Patience = Patience(),  # It can't be changed.
        tls: ssl.SSLContext | None = None,
        reply_to: Sender | None = None,
    ) -> None:
        self._server = server
        self._sender = sender
        self._patience = patience
        self._reply_to = reply_to
        uses_tls = self._server.implicit_tls or self._server.starttls
        self._tls = tls or (ssl.create_default_context() if uses_tls else None)

    async def send(self, mail: Mail, id: UUID) -> None:
        content = message_of(mail, id, self._sender, self._reply_to)
        client = self._client()
        try:
            await self._open(client)
            await client.mail(self._sender.address.value, options=_size(client, content))
            await client.rcpt(mail.to.value)
            await client.data(content, timeout=self._patience.after_data)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise explained(error) from None
        else:
            # From here on it is delivered, whatever becomes of the farewell.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=min(_FAREWELL_SECONDS, self._patience.response))
        finally:
            client.close()

    async def check(self) -> None:
        """Connect and log in as for a mail, and send none. Raises MailNotAccepted."""
        client = self._client()
        try:
            await self._open(client)
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=min(_FAREWELL_SECONDS, self._patience.response))
        except (aiosmtplib.SMTPException, OSError) as error:
            raise explained(error) from None
        finally:
            client.close()

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        """Connect, turn TLS on, log in. What the server does not offer has an exception of its own."""
        server = self._server
        await client.connect()
        await _greet(client)
        if server.starttls:
            if not client.supports_extension("starttls"):
                raise NoStartTls
            await client.starttls()
            await _greet(client)
        if server.user is not None:
            if not client.supports_extension("auth"):
                raise NoLogin
            if not client.supported_auth_methods:
                raise NoMechanism
            await client.login(server.user, server.password or "")

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            # Left out, it would be asked of the network's name server.
            local_hostname=self._sender.domain,
            timeout=self._patience.response,
            use_tls=self._server.implicit_tls,
            start_tls=False,
            tls_context=self._tls,
        )


async def _greet(client: aiosmtplib.SMTP) -> None:
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            # RFC 5321 section 3.2: a server of before 1995 knows only this one.
            await client.helo()


def _size(client: aiosmtplib.SMTP, content: bytes) -> list[str]:
    """RFC 1870: a server can refuse a message that is too large before it receives it."""
    return [f"size={len(content)}"] if client.supports_extension("size") else []
