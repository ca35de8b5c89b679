"""The mailer of a development installation without a mail server and without a mailbox: it drops mails."""

from uuid import UUID

from bukhindor.domain.mail import Mail


class NoMailer:
    async def send(self, mail: Mail, id: UUID) -> None:
        """Accept the mail and drop it."""
