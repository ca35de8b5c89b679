"""A product's logo: a small PNG or SVG file that can do nothing but be seen."""

import re
from pathlib import Path
from xml.parsers import expat

from bukhindor.domain.product import Logo

MAX_BYTES = 64 * 1024

_PNG = re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR", re.DOTALL)
_SEPARATOR = "\n"
_SVG = "http://www.w3.org/2000/svg"
_XHTML = "http://www.w3.org/1999/xhtml"
# Script, what can bring script or pages in, and what can set a link or an event handler later.
_ACTIVE = frozenset(
    "script handler listener foreignobject iframe object embed audio video canvas animate animatemotion "
    "animatetransform animatecolor set discard".split()
)
_LINKS = frozenset({"href", "src", "base"})
_INSIDE = re.compile(r"#[^\s]*|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
# In style sheets an escape could spell any of these words another way.
_OUTSIDE_IN_STYLE = re.compile(
    r"url\(\s*[\"']?\s*(?![#\s\"'])|@import|\\|(?:image|image-set|src|expression)\(", re.IGNORECASE
)


def read_logo(path: Path) -> Logo:
    """The logo in a file. Raises ValueError with the reason why it can't be used."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} can't be read ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES // 1024} KiB")
    if _PNG.match(content):
        return Logo(content, "image/png")
    try:
        _Svg().check(content)
    except expat.ExpatError as error:
        raise ValueError(f"{path} is not a PNG file or a well-formed SVG file ({error})") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return Logo(content, "image/svg+xml")


class _Svg:
    """Reads a file once. A document type is refused, so that no entity is ever expanded or fetched."""

    def __init__(self) -> None:
        self._depth = 0
        self._style_depth = 0
        self._style: list[str] = []

    def check(self, content: bytes) -> None:
        """Raise ValueError for what is not a harmless SVG file, ExpatError for what is no XML."""
        parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.XmlDeclHandler = self._refuse_encoding
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.ProcessingInstructionHandler = self._refuse_instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(content.decode(), True)
        except UnicodeDecodeError:
            raise ValueError("it is not a PNG file or an SVG file in UTF-8") from None

    def _refuse_document_type(self, *_: object) -> None:
        raise ValueError("an SVG file with <!DOCTYPE> is refused")

    def _refuse_encoding(self, _: str, encoding: str | None, __: int) -> None:
        # A browser would read another text than the one that is looked at here.
        if encoding is not None and encoding.lower() != "utf-8":
            raise ValueError(f"an SVG file in {encoding} is refused, it has to be UTF-8")

    def _refuse_instruction(self, target: str, _: str) -> None:
        raise ValueError(f"an SVG file with <?{target}?> is refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, local = _split(name)
        if self._depth == 0 and (namespace, local) != (_SVG, "svg"):
            raise ValueError("it is not a PNG file or an SVG file")
        self._depth += 1
        if local.lower() in _ACTIVE or namespace == _XHTML:
            raise ValueError(f"an SVG file with <{local}> is refused")
        if local.lower() == "style" and not self._style_depth:
            self._style_depth = self._depth
        for attribute, value in attributes.items():
            _check_attribute(*_split(attribute), value)

    def _end(self, _: str) -> None:
        if self._depth == self._style_depth:
            _check_style("".join(self._style))
            self._style, self._style_depth = [], 0
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._style_depth:
            self._style.append(text)


def _split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return namespace, local


def _check_attribute(namespace: str, local: str, value: str) -> None:
    if not namespace and local.lower().startswith("on"):
        raise ValueError(f"an SVG file with the event handler {local} is refused")
    if local.lower() in _LINKS and not _INSIDE.fullmatch(value.strip()):
        raise ValueError(f"an SVG file whose {local} leads outside of it is refused")
    if not namespace:
        _check_style(value)


def _check_style(text: str) -> None:
    if _OUTSIDE_IN_STYLE.search(text):
        raise ValueError("an SVG file whose style leads outside of it is refused")
