"""Letters, and how they are sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bukhindor.domain.mail import Letter, Mail


class LetterWriter(Protocol):
    def write(self, letter: Letter) -> Mail:
        """Write the letter in its language, as text and as HTML."""


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """Hand the mail over for delivery. Raises MailNotAccepted."""


class Mailbox(Protocol):
    """The mailbox of a development installation."""

    def messages(self) -> Sequence[tuple[Mail, datetime]]:
        """The mails that were sent and when, newest first."""
