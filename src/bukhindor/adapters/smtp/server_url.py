"""How the mail server is reached."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MailServer:
    """`implicit_tls` begins with TLS (RFC 8314); otherwise STARTTLS is required unless `starttls` is off.

    `is_local` says that nothing leaves this machine.
    """

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    is_local: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def sends_in_clear(self) -> bool:
        """Whether mails cross a network without TLS."""
        return not (self.implicit_tls or self.starttls or self.is_local)
