"""Letters, and how they are sent."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from bukhindor.domain.mail import Letter, Mail, ReceivedMail


class LetterWriter(Protocol):
    def write(self, letter: Letter) -> Mail:
        """Write the letter in its language, as text and as HTML."""


class Mailer(Protocol):
    async def send(self, mail: Mail, id: UUID) -> None:
        """Hand the mail over for delivery. `id` is the same at every try: who has received the mail already can tell.

        Raises MailNotAccepted.
        """


class Mailbox(Protocol):
    """The mailbox of a development installation."""

    async def messages(self) -> Sequence[ReceivedMail]:
        """Return the mails, the newest first."""

    async def message(self, number: int) -> ReceivedMail | None:
        """Return one mail, or None if there is none with this number."""
