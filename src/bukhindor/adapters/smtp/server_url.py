"""How the mail server is reached, and the sender of the mails."""

from dataclasses import dataclass, field

from bukhindor.domain.email_address import EmailAddress


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


@dataclass(frozen=True, slots=True)
class Sender:
    """An address with a name, or with "" for none; the name holds no quotation marks and no backslash."""

    name: str
    address: EmailAddress

    def __str__(self) -> str:
        if not self.name:
            return str(self.address)
        name = f'"{self.name}"' if set(self.name) & set("<>()[],:;@") else self.name
        return f"{name} <{self.address}>"
