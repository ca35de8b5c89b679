"""GET / in development: where to go from here. Production has no such page."""

from starlette.responses import Response

from bukhindor import BUILD
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.pages.rendering import page


async def home(call: Call, settings: WebSettings) -> Response:
    """Show where the documentation, the mailbox and the health of the service are"""
    return page(
        "home.html",
        call.exchange,
        settings,
        title=settings.product.name,
        version=BUILD,
        has_mailbox=settings.has_mailbox,
        has_docs=settings.has_docs,
    )
