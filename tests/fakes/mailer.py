"""A mail server that keeps what it is given."""

from uuid import UUID

from bukhindor.domain.mail import Mail, MailNotAccepted


class FakeMailer:
    """`sent` holds all mails, oldest first; `ids` those of every try. `refuse_for_now` and `refuse_for_ever` have it
    take none."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.refuse_for_now = False
        self.refuse_for_ever = False
        self.asked = 0
        self.ids: list[UUID] = []

    async def send(self, mail: Mail, id: UUID) -> None:
        self.asked += 1
        self.ids.append(id)
        if self.refuse_for_ever or self.refuse_for_now:
            raise MailNotAccepted("The mail server does not take mail.", permanent=self.refuse_for_ever)
        self.sent.append(mail)
