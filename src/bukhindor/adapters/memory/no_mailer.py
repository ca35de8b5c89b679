"""Nowhere for mails to go: a development installation without a mail server and without a mailbox."""

from bukhindor.domain.mail import Mail


class NoMailer:
    async def send(self, mail: Mail) -> None:
        """Takes every mail and keeps none."""
