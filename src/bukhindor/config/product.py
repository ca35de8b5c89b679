"""The face of the product: PRODUCT_NAME, PRODUCT_COLOR, PRODUCT_LOGO and SUPPORT_URL."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from bukhindor.config.durations import quoted
from bukhindor.config.logo import read_logo
from bukhindor.config.sources import Sources
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.product import Logo, Product
from bukhindor.domain.text import has_unsafe_characters

MAX_NAME = 60
MAX_URL = 500
MIN_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3

_COLOR = re.compile(r"#[0-9a-f]{6}")


def read_product(sources: Sources) -> Product:
    """The product as its settings describe it."""
    read, usual = sources.read, Product()
    return Product(
        name=read("PRODUCT_NAME", product_name, usual.name, "Example"),
        color=read("PRODUCT_COLOR", color, usual.color, usual.color),
        logo=read("PRODUCT_LOGO", logo, None, "./logo.svg", _shown),
        support_url=read("SUPPORT_URL", support_url, "", "https://example.com/help"),
    )


def _shown(logo: Logo | None) -> str:
    return "none" if logo is None else f"{logo.media_type}, {len(logo.content)} bytes"


def product_name(text: str) -> str:
    """A name that people read in mails and on pages. Raises ValueError."""
    if len(text) > MAX_NAME:
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    if has_unsafe_characters(text):
        raise ValueError("a name can't hold control or invisible characters")
    return text


def color(text: str) -> str:
    """A color that white text can be read on: `#1a56db`. Raises ValueError."""
    lower = text.lower()
    if not _COLOR.fullmatch(lower):
        raise ValueError(f"{quoted(text)} is not a color of six hexadecimal digits")
    contrast = contrast_with_white(lower)
    if contrast < MIN_CONTRAST:
        # Cut, not rounded: 4.49 must not read as enough.
        shown = int(contrast * 100) / 100
        raise ValueError(f"white text on {lower} has a contrast of {shown}:1, at least {MIN_CONTRAST}:1 is needed")
    return lower


def contrast_with_white(color: str) -> float:
    """The contrast ratio of white and `#rrggbb` (WCAG 2.2, definition of contrast ratio)."""
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 1.05 / (luminance + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def logo(text: str) -> Logo:
    """The logo in the file at a path. Raises ValueError."""
    if not text.isprintable():
        raise ValueError("a path can't hold control characters")
    return read_logo(Path(text).expanduser())


def support_url(text: str) -> str:
    """Where people find help: a web address with https, or `mailto:` and an address. Raises ValueError."""
    if len(text) > MAX_URL or not text.isprintable() or not text.isascii() or set(text) & set(' "<>\\^`{|}'):
        raise ValueError(f"an address has at most {MAX_URL} characters, of ASCII, without spaces and quotation marks")
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "mailto":
        address, _, _ = rest.partition("?")
        try:
            EmailAddress.parse(address)
        except InvalidValue:
            raise ValueError(f"{quoted(text)} has no email address after mailto:") from None
        return text
    try:
        parts = urlsplit(text)
        is_web_address = (
            parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        is_web_address = False
    if not is_web_address:
        raise ValueError(f"{quoted(text)} must begin with https:// and a host, without a user name, or with mailto:")
    return text
