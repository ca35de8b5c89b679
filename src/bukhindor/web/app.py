"""The HTTP application, from top to bottom."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bukhindor.domain.session import SessionPolicy
from bukhindor.ports.mail import Mailbox
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.web.addresses import is_api, is_page
from bukhindor.web.api import docs
from bukhindor.web.api.cursor import Cursors
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.dispatcher import Dispatcher
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.middleware import Edge
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.edge.watching import NOBODY, Watchers
from bukhindor.web.endpoint.collaborators import Collaborators
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal, problem_response
from bukhindor.web.endpoint.operation import Operation
from bukhindor.web.endpoint.row import Row
from bukhindor.web.endpoint.wording import worded
from bukhindor.web.pages.rendering import refusal_page
from bukhindor.web.pages.routes import (
    DEVELOPER_PAGES,
    FILES_FOR_SYSTEMS,
    HOME_PAGE,
    OWN_PAGES,
    PAGES,
    SIGN_IN_PAGES,
)

_REFUSAL = "bukhindor.refusal"


def create_app(
    use_cases: Collaborators,
    settings: WebSettings,
    limiter: RateLimiter,
    clock: Clock,
    *,
    mailbox: Mailbox | None = None,
    watchers: Watchers = NOBODY,
) -> ASGIApp:
    """Return the ASGI application.

    `mailbox` is for development; `watchers` see each request.
    """
    more: dict[type[Any], object] = {
        WebSettings: settings,
        SessionPolicy: settings.session_policy,
        Cookies: Cookies(settings.public_url, settings.public_path, settings.cors),
        Cursors: Cursors(settings.cursor_key),
    }
    if mailbox is not None:
        more[Mailbox] = mailbox
    collaborators = use_cases.with_more(more)

    def application_of(row: Row) -> ASGIApp:
        return Operation(row, collaborators, settings, limiter, clock)

    def refuse(exchange: Exchange, refusal: Refusal) -> Response:
        """Return a refusal for a path without a row."""
        if is_page(exchange.path) or _is_from_browser(exchange):
            return refusal_page(exchange, settings, refusal)
        return problem_response(exchange, refusal)

    answering = rows(with_home=settings.is_development, with_mailbox=mailbox is not None, with_docs=settings.has_docs)
    dispatcher = Dispatcher(answering, application_of, refuse)
    return Edge(dispatcher, settings, watchers, dispatcher.methods_at)


class ServerRefusals:
    """The responses of the HTTP server itself, with the same headers, form, language and log line as ours."""

    def __init__(self, settings: WebSettings, watchers: Watchers = NOBODY) -> None:
        self._edge = Edge(_refuse_for_server, settings, watchers)

    def __call__(self, status: int, code: str, detail: str, /) -> ASGIApp:
        """Return the application that responds to a request, as far as it was read, with this refusal."""

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            await self._edge({**scope, _REFUSAL: (status, code, detail)}, receive, send)

        return respond


async def _refuse_for_server(scope: Scope, receive: Receive, send: Send) -> None:
    exchange, (status, code, detail) = Exchange.of(scope), scope[_REFUSAL]
    exchange.error_code = code
    headers = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    refused = Refusal(status, code, worded(code, detail, exchange.language), headers)
    await problem_response(exchange, refused)(scope, receive, send)


def rows(*, with_home: bool, with_mailbox: bool, with_docs: bool = True) -> tuple[Row, ...]:
    """Return the rows of all endpoints and pages."""
    home = (HOME_PAGE,) if with_home else ()
    documentation = docs.PAGES if with_docs else ()
    for_developers = (*home, *(DEVELOPER_PAGES if with_mailbox else ()))
    return (*ENDPOINTS, *documentation, *PAGES, *FILES_FOR_SYSTEMS, *SIGN_IN_PAGES, *OWN_PAGES, *for_developers)


def _is_from_browser(exchange: Exchange) -> bool:
    """Whether a person followed a link to an address that is not the API's."""
    return not is_api(exchange.path) and "text/html" in exchange.headers.get("accept", "")
