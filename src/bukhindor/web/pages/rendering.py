"""Templates become pages: escaped, with the headers that every page carries."""

from collections.abc import Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from bukhindor.web import addresses
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.pages.looks import asset_address, templates
from bukhindor.web.pages.words import WORDS

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {"content-security-policy": POLICY, "cross-origin-opener-policy": "same-origin"}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def page(
    template: str,
    exchange: Exchange,
    settings: WebSettings,
    refusal: Refusal | None = None,
    *,
    headers: Mapping[str, str] = _NO_HEADERS,
    **values: Any,
) -> Response:
    """Return a page in the client's language: `values` are what the template shows beside what all pages show.

    A page that shows what its form met has the status and the headers of `refusal`, and its message as `error`.
    """
    product = settings.product
    text = (
        templates()
        .get_template(template)
        .render(
            language=exchange.language.value,
            words=WORDS[exchange.language],
            product=product,
            addresses=_addresses_below(settings.public_path),
            asset=partial(asset_address, product, public_path=settings.public_path),
            **({"error": "" if refusal is None else refusal.message} | values),
        )
    )
    status, more = (200, _NO_HEADERS) if refusal is None else (refusal.status, refusal.headers)
    return Response(text, status, {**_HEADERS, **more, **headers}, "text/html")


@lru_cache(maxsize=8)
def _addresses_below(path: str) -> dict[str, str]:
    """Return the addresses by name, as a browser sees them."""
    return {name: path + value for name, value in vars(addresses).items() if name.isupper() and isinstance(value, str)}


def refusal_page(exchange: Exchange, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the page for a refusal that offers no retry."""
    title = WORDS[exchange.language].nothing_here if refusal.status == 404 else WORDS[exchange.language].refused
    return page("refusal.html", exchange, settings, refusal, title=title, detail=refusal.detail)


def refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return `refusal_page` as the rows of pages call it."""
    return refusal_page(call.exchange, settings, refusal)
