"""/dev/mailbox: the mails of a development installation; production has no such address.

It answers to Host names of its own only: to a page whose name was made to lead here, there is nothing.
"""

from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from bukhindor.domain.mail import Mail
from bukhindor.ports import Mailbox
from bukhindor.web.answered_hosts import AnsweredHosts
from bukhindor.web.errors import NoSuchEndpoint
from bukhindor.web.exchange import Exchange

_PAGE = Template((Path(__file__).parent / "assets" / "account.html").read_text("utf-8"))
_POLICY = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {"content-security-policy": _POLICY, "cross-origin-opener-policy": "same-origin"}

LitestarRequest = Request[Any, Any, Any]


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


def mailbox_handlers(mailbox: Mailbox, hosts: AnsweredHosts) -> list[HTTPRouteHandler]:
    """The list of mails and the page of them, for requests whose Host is one of `hosts`; not found for others."""

    @get("/dev/mailbox.json", sync_to_thread=False)
    def messages(request: LitestarRequest) -> Response[bytes]:
        _enter(request, hosts, "/dev/mailbox.json")
        shapes = [_shape(mail, sent_at) for mail, sent_at in mailbox.messages()]
        return Response(msgspec.json.encode(MessageList(shapes)), media_type="application/json")

    @get("/dev/mailbox", sync_to_thread=False)
    def page(request: LitestarRequest) -> Response[str]:
        _enter(request, hosts, "/dev/mailbox")
        content = "".join(_article(mail, sent_at) for mail, sent_at in mailbox.messages()) or "<p>No mail yet.</p>"
        html = _PAGE.substitute(language="en", title="Development mailbox", content=content)
        return Response(html, media_type="text/html", headers=_HEADERS)

    return [messages, page]


def _enter(request: LitestarRequest, hosts: AnsweredHosts, route: str) -> None:
    """Give the request its route. Raises NoSuchEndpoint, and gives none, when it was meant for another host."""
    exchange = Exchange.of(request.scope)
    if not hosts.answer_to(exchange.headers.get("host")):
        raise NoSuchEndpoint
    exchange.route = route


def _shape(mail: Mail, sent_at: datetime) -> MessageShape:
    return MessageShape(mail.to.value, mail.subject, mail.text, mail.html, sent_at, mail.links, mail.codes)


def _article(mail: Mail, sent_at: datetime) -> str:
    links = "".join(f'<p><a href="{escape(link)}">{escape(link)}</a></p>' for link in mail.links)
    when = sent_at.isoformat(timespec="seconds")
    return (
        f"<article><h2>{escape(mail.subject)}</h2><p class=note>{escape(mail.to.value)}, {when}</p>"
        f"<pre>{escape(mail.text)}</pre>{links}</article>"
    )
