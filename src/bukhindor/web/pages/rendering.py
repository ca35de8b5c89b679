"""Templates become pages: escaped, with the headers that every page carries."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from bukhindor.web import addresses
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {"content-security-policy": _POLICY, "cross-origin-opener-policy": "same-origin"}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["addresses"] = addresses
    return environment


def page(
    template: str, exchange: Exchange, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS, **values: Any
) -> Response:
    """Return a page in the client's language: `values` are what the template shows."""
    text = _templates().get_template(template).render(language=exchange.language.value, **values)
    return Response(text, status, {**_HEADERS, **headers}, "text/html")


def refusal_page(exchange: Exchange, refusal: Refusal) -> Response:
    """Return the page for a refusal that offers no retry."""
    return page("refusal.html", exchange, refusal.status, refusal.headers, title=refusal.detail, detail=refusal.detail)


def refused(call: Call, refusal: Refusal) -> Response:
    """Return `refusal_page` as the rows of pages call it."""
    return refusal_page(call.exchange, refusal)
