"""/dev/mailbox: the mails of a development installation; production does not have this address."""

from datetime import datetime

import msgspec
from starlette.responses import Response

from bukhindor.domain.mail import Mail
from bukhindor.ports import Mailbox
from bukhindor.web.endpoint.call import Call
from bukhindor.web.pages.rendering import page


class MessageShape(msgspec.Struct, frozen=True):
    to: str
    subject: str
    text: str
    html: str
    created_at: datetime
    links: tuple[str, ...]
    codes: tuple[str, ...]


class MessageList(msgspec.Struct, frozen=True):
    messages: list[MessageShape]


async def mailbox_json(call: Call, mailbox: Mailbox) -> Response:
    """Return the mails for programs"""
    shapes = [_shape(mail, sent_at) for mail, sent_at in mailbox.messages()]
    return Response(msgspec.json.encode(MessageList(shapes)), media_type="application/json")


async def mailbox_page(call: Call, mailbox: Mailbox) -> Response:
    """Show the mails"""
    return page(
        "mailbox.html", call.exchange, call.settings, title="Development mailbox", messages=list(mailbox.messages())
    )


def _shape(mail: Mail, sent_at: datetime) -> MessageShape:
    return MessageShape(mail.to.value, mail.subject, mail.text, mail.html, sent_at, mail.links, mail.codes)
