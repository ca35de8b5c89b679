"""/dev/mailbox: the mails of a development installation; production does not have this address."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated

import msgspec
from starlette.responses import Response

from bukhindor.domain.mail import ReceivedMail
from bukhindor.ports.mail import Mailbox
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.refusals import NoSuchEndpoint
from bukhindor.web.pages.rendering import POLICY, page

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_LIST_POLICY = {"content-security-policy": f"{POLICY}; connect-src 'self'"}
_MESSAGE_POLICY = {"content-security-policy": f"{POLICY}; frame-src 'self'"}
# A mail runs nothing, loads nothing from elsewhere, and belongs to no origin, so that it reads nothing of ours. Only
# the page around it may show it in a frame.
_PREVIEW_POLICY = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
}


class MailboxQuery(msgspec.Struct, frozen=True):
    """Which mails are shown: those that contain every word of `search`."""

    search: Annotated[str, msgspec.Meta(max_length=200)] = ""


class MessageShape(msgspec.Struct, frozen=True):
    id: int
    to: str
    subject: str
    text: str
    html: str
    created_at: datetime
    links: tuple[str, ...]
    codes: tuple[str, ...]


class MessageList(msgspec.Struct, frozen=True):
    messages: list[MessageShape]


async def mailbox_json(call: Call, mailbox: Mailbox, query: MailboxQuery) -> Response:
    """Return the mails for programs"""
    shapes = [_shape(received) for received in await _found(mailbox, query)]
    response = Response(msgspec.json.encode(MessageList(shapes)), media_type="application/json")
    return _unless_known(call, response)


async def mailbox_page(call: Call, mailbox: Mailbox, settings: WebSettings, query: MailboxQuery) -> Response:
    """Show the list of mails"""
    mails = await _found(mailbox, query)
    response = page(
        "mailbox.html",
        call.exchange,
        settings,
        headers=_LIST_POLICY,
        title="Development mailbox",
        mails=mails,
        search=query.search,
    )
    return _unless_known(call, response)


async def message_page(call: Call, mailbox: Mailbox, settings: WebSettings) -> Response:
    """Show one mail"""
    received = await _message(call, mailbox)
    mail = received.mail
    # No other scheme is a link: a script, for one, has an address, too.
    links = [(link, link.startswith(("http://", "https://"))) for link in mail.links]
    return page(
        "mailbox_message.html",
        call.exchange,
        settings,
        headers=_MESSAGE_POLICY,
        title=mail.subject,
        received=received,
        mail=mail,
        links=links,
    )


async def message_html(call: Call, mailbox: Mailbox) -> Response:
    """Show the HTML part of a mail, for the frame in its page"""
    received = await _message(call, mailbox)
    return Response(received.mail.html, headers=_PREVIEW_POLICY, media_type="text/html")


async def message_source(call: Call, mailbox: Mailbox) -> Response:
    """Return a mail as a mail server would receive it"""
    received = await _message(call, mailbox)
    return Response(received.source, media_type="text/plain")


async def _found(mailbox: Mailbox, query: MailboxQuery) -> Sequence[ReceivedMail]:
    return [received for received in await mailbox.messages() if received.matches(query.search)]


async def _message(call: Call, mailbox: Mailbox) -> ReceivedMail:
    """Return the mail that the path names. Raises NoSuchEndpoint."""
    number = call.path_parameters["number"]
    received = await mailbox.message(int(number)) if _NUMBER.fullmatch(number) else None
    if received is None:
        raise NoSuchEndpoint
    return received


def _unless_known(call: Call, response: Response) -> Response:
    """Return the response, or 304 if the client has it already (RFC 9110 section 13.1.2)."""
    etag = f'"{sha256(response.body).hexdigest()[:32]}"'
    known = [each.strip().removeprefix("W/") for each in call.exchange.headers.get("if-none-match", "").split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers={"etag": etag})
    response.headers["etag"] = etag
    return response


def _shape(received: ReceivedMail) -> MessageShape:
    mail = received.mail
    return MessageShape(
        received.number, mail.to.value, mail.subject, mail.text, mail.html, received.received_at, mail.links, mail.codes
    )
