"""How the mail server is reached, and the sender of the mails."""

import re
from dataclasses import dataclass, field

from bukhindor.domain.email_address import EmailAddress

# RFC 5322 section 3.2: such a name stands in quotation marks, in which two characters need a backslash.
_SPECIAL = set('<>()[],:;@\\"')
_UNQUOTED = re.compile(r'[\\"]')


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
    """An address with a name, or with "" for none."""

    name: str
    address: EmailAddress

    def __str__(self) -> str:
        if not self.name:
            return str(self.address)
        escaped = _UNQUOTED.sub(r"\\\g<0>", self.name)
        name = f'"{escaped}"' if set(self.name) & _SPECIAL else self.name
        return f"{name} <{self.address}>"
