"""The face of the product that people register with: the name and looks of the team that runs this installation."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that is safe to show: PNG, or SVG without script and without references to anything outside."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Product:
    """`color` is `#rrggbb`, and white text on it can be read. `support_url` is "" or begins with https: or mailto:."""

    name: str = "Bukhindor"
    color: str = "#1a56db"
    logo: Logo | None = None
    support_url: str = ""
