"""The HTTP application, from top to bottom."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.types import ASGIApp

from bukhindor.ports import Clock, Mailbox, RateLimiter
from bukhindor.web.dev_mailbox import mailbox_handlers
from bukhindor.web.docs import documentation_handlers
from bukhindor.web.edge import Edge
from bukhindor.web.errors import to_response
from bukhindor.web.landing import landing_handlers
from bukhindor.web.operation import route_handler
from bukhindor.web.routes import ENDPOINTS
from bukhindor.web.settings import WebSettings
from bukhindor.web.use_cases import UseCases
from bukhindor.web.watching import NOBODY, Watchers

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing_to_open() -> AsyncIterator[None]:
    yield


def create_app(
    use_cases: UseCases,
    settings: WebSettings,
    limiter: RateLimiter,
    clock: Clock,
    *,
    mailbox: Mailbox | None = None,
    lifespan: Lifespan = _nothing_to_open,
    watchers: Watchers = NOBODY,
) -> ASGIApp:
    """The ASGI application. `lifespan` opens and closes what the services work on; `mailbox` is for development;
    `watchers` are told of each request."""
    handlers = [route_handler(endpoint, use_cases, settings, limiter, clock) for endpoint in ENDPOINTS]
    handlers += documentation_handlers(settings.public_url)
    handlers += landing_handlers(use_cases, settings, limiter, clock)
    if mailbox is not None:
        handlers += mailbox_handlers(mailbox, settings.mailbox_hosts)
    framework = Litestar(
        handlers,
        lifespan=[lambda _: lifespan()],
        exception_handlers={Exception: to_response},
        request_max_body_size=settings.max_body_bytes,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Edge(framework, settings, watchers)
