"""What gives the pages their looks: style, script, the product's color, logo and icon.

The address of each file ends with a hash of its content, so that browsers may keep it and still see a change at once.
"""

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import Response

from bukhindor.domain.product import Logo, Product
from bukhindor.web.addresses import ASSETS
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.refusals import NoSuchEndpoint

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DRAWN = ("product.css", "icon.svg")

# A logo may hold styles of its own. Opened by itself it runs nothing and loads nothing.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_KEEP, _KEEP_A_WHILE = "public, max-age=31536000, immutable", "public, max-age=300"
_PNG_SIZE = slice(16, 24)
_VIEW_BOX = re.compile(rb"""<svg\b[^>]*\bviewBox\s*=\s*["']\s*\S+[\s,]+\S+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*["']""")


class AssetQuery(msgspec.Struct, frozen=True):
    """`v` is the version that a page asks for."""

    v: str = ""


@dataclass(frozen=True, slots=True)
class Asset:
    """`version` changes with the content."""

    content: bytes = field(repr=False)
    media_type: str
    version: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        return cls(content, media_type, sha256(content).hexdigest()[:12])

    def response(self, cache_control: str) -> Response:
        headers = {"cache-control": cache_control}
        if self.media_type.startswith("image/"):
            headers["content-security-policy"] = _PICTURE_POLICY
        return Response(self.content, headers=headers, media_type=self.media_type)


async def asset(call: Call, settings: WebSettings, query: AssetQuery) -> Response:
    """Return a file that pages need"""
    found = assets_of(settings.product).get(call.path_parameters["name"])
    if found is None:
        raise NoSuchEndpoint
    return found.response(_KEEP if query.v == found.version else _KEEP_A_WHILE)


async def favicon(call: Call, settings: WebSettings) -> Response:
    """Return the icon of the product: its logo where that is a square, else its initial"""
    product = settings.product
    name = "logo" if product.logo is not None and _is_square(product.logo) else "icon.svg"
    return assets_of(product)[name].response(_KEEP_A_WHILE)


def asset_address(product: Product, name: str, public_path: str = "") -> str:
    """Return where a page finds a file."""
    return f"{public_path}{ASSETS}/{name}?v={assets_of(product)[name].version}"


@lru_cache(maxsize=8)
def assets_of(product: Product) -> dict[str, Asset]:
    """Return the files by name: those of the folder, those drawn for the product, and its logo."""
    contents = {path.name: path.read_bytes() for path in (_FOLDER / "assets").iterdir()}
    contents |= {name: templates().get_template(name).render(product=product).encode() for name in _DRAWN}
    assets = {name: Asset.of(content, _MEDIA_TYPES[Path(name).suffix]) for name, content in contents.items()}
    if product.logo is not None:
        assets["logo"] = Asset.of(product.logo.content, product.logo.media_type)
    return assets


@cache
def templates() -> Any:
    # The library takes 2 MB, and an API that only apps use may never show a page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _is_square(logo: Logo) -> bool:
    if logo.media_type == "image/png":
        size = logo.content[_PNG_SIZE]
        return size[:4] == size[4:]
    box = _VIEW_BOX.search(logo.content)
    return box is not None and float(box[1]) == float(box[2])
