"""A mail server that keeps what comes in, on a free port of this machine."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.listening import let_nobody_in

USER = "mail user@example.com"
PASSWORD = "p@ss:w/rd?#%"


@dataclass
class Received:
    sender: str
    recipients: list[str]
    content: bytes
    was_encrypted: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=SMTP_POLICY)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, subtype: str) -> str:
        found = self.message.get_body((subtype,))
        assert found is not None
        return str(found.get_content()).replace("\r\n", "\n")


@dataclass
class Sink:
    """`replies` overrides the response to MAIL, RCPT, DATA or QUIT; `connections` counts; each message takes
    `seconds_over_data`."""

    replies: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    greeted_as: list[str] = field(default_factory=list)
    connections: int = 0
    seconds_over_data: float = 0
    port: int = 0

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted_as.append(hostname)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content
        assert content is not None
        login = session.auth_data if session.authenticated else None
        assert server.transport is not None
        is_encrypted = server.transport.get_extra_info("ssl_object") is not None
        if "DATA" not in self.replies:
            sender = str(envelope.mail_from)
            self.received.append(Received(sender, list(envelope.rcpt_tos), content, is_encrypted, login))
        await asyncio.sleep(self.seconds_over_data)
        return self.replies.get("DATA", "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.replies.get("QUIT") == "never":
            await asyncio.sleep(3600)
        return self.replies.get("QUIT", "221 Bye")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: Any
    ) -> AuthResult:
        if not isinstance(credentials, LoginPassword):
            return AuthResult(success=False)
        user, password = credentials.login.decode(), credentials.password.decode()
        self.logins.append((user, password))
        return AuthResult(success=(user, password) == (USER, PASSWORD), auth_data=user, handled=False)


@asynccontextmanager
async def serving(
    sink: Sink, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[Sink]:
    loop = asyncio.get_running_loop()
    open_ones: list[SMTP] = []

    def connected() -> SMTP:
        sink.connections += 1
        server = SMTP(
            sink,
            hostname="sink.example.com",
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=login,
            authenticator=sink.authenticate if login else None,
        )
        open_ones.append(server)
        return server

    listener = await loop.create_server(connected, "127.0.0.1", 0, ssl=tls)
    sink.port = listener.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        await let_nobody_in(listener)
        for server in open_ones:
            # Aborting a TLS connection that has ended is an error in the first releases of Python 3.11.
            if isinstance(server.transport, asyncio.Transport) and not server.transport.is_closing():
                server.transport.abort()
        await listener.wait_closed()
        # An aborted task notices it in the loop's next turns.
        for _ in range(3):
            await asyncio.sleep(0)
