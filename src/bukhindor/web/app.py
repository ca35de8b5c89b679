"""The HTTP application, from top to bottom."""

from starlette.responses import Response
from starlette.types import ASGIApp

from bukhindor.ports import Clock, Mailbox, RateLimiter
from bukhindor.web.addresses import is_page
from bukhindor.web.api import docs
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.dispatcher import Dispatcher
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.middleware import Edge
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.edge.watching import NOBODY, Watchers
from bukhindor.web.endpoint.errors import Refusal, problem_response
from bukhindor.web.endpoint.operation import Operation
from bukhindor.web.endpoint.row import Row
from bukhindor.web.endpoint.use_cases import UseCases
from bukhindor.web.pages.rendering import refusal_page
from bukhindor.web.pages.routes import DEVELOPER_PAGES, PAGES


def create_app(
    use_cases: UseCases,
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
    if mailbox is not None:
        use_cases = use_cases.with_one_more(Mailbox, mailbox)

    def application_of(row: Row) -> ASGIApp:
        return Operation(row, use_cases, settings, limiter, clock)

    dispatcher = Dispatcher(rows(with_mailbox=mailbox is not None), application_of, _refuse)
    return Edge(dispatcher, settings, watchers)


def rows(*, with_mailbox: bool) -> tuple[Row, ...]:
    """Return the rows of all endpoints and pages."""
    return (*ENDPOINTS, *docs.PAGES, *PAGES, *(DEVELOPER_PAGES if with_mailbox else ()))


def _refuse(exchange: Exchange, refusal: Refusal) -> Response:
    """Refuse a path without a row: with a page where people's browsers go, with a problem elsewhere."""
    return refusal_page(exchange, refusal) if is_page(exchange.path) else problem_response(exchange, refusal)
