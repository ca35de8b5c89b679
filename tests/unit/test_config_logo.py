"""The logo of a product: a PNG or SVG file that can do nothing but be seen."""

from pathlib import Path

import pytest

from bukhindor.config.logo import MAX_BYTES, read_logo
from bukhindor.domain.product import Logo

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "logo"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ValueError, match=r".+") as refused:
        read_logo(path)
    return str(refused.value)


def test_a_png_file_is_a_logo(tmp_path: Path) -> None:
    assert read_logo(write(tmp_path, PNG)) == Logo(PNG, "image/png")


@pytest.mark.parametrize(
    "inner",
    [
        "",
        '<title>Example &amp; Sons</title><path d="M0 0h9v9z" fill="#1a56db"/>',
        '<defs><linearGradient id="a"><stop stop-color="red"/></linearGradient></defs><rect fill="url(#a)"/>',
        '<style>@media (prefers-color-scheme: dark) { path { fill: url( "#a" ) } }</style><path class="x"/>',
        '<use href="#a"/><use xlink:href="#a"/>',
        '<image href="data:image/png;base64,iVBORw0KGgo="/>',
        '<metadata xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:export-filename="C:\\logo.png"/>',
        "<text>onload=alert(1) javascript: url(https://example.com)</text>",
        "<!-- <script> -->",
    ],
)
@pytest.mark.parametrize("head", ["", '<?xml version="1.0" encoding="UTF-8"?>\n', "\ufeff"])
def test_a_harmless_svg_file_is_a_logo(tmp_path: Path, head: str, inner: str) -> None:
    content = (head + SVG.format(inner)).encode()
    assert read_logo(write(tmp_path, content)) == Logo(content, "image/svg+xml")


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("<script>alert(1)</script>", "<script> is refused"),
        ("<SCRIPT>alert(1)</SCRIPT>", "<SCRIPT> is refused"),
        ('<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>', "<script> is refused"),
        ('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>', "<foreignObject> is refused"),
        ('<i xmlns="http://www.w3.org/1999/xhtml"/>', "<i> is refused"),
        ('<a><set attributeName="href" to="javascript:alert(1)"/></a>', "<set> is refused"),
        ('<animate attributeName="href" values="javascript:alert(1)"/>', "<animate> is refused"),
        ('<path onload="alert(1)"/>', "event handler onload is refused"),
        ('<path OnClick="alert(1)"/>', "event handler OnClick is refused"),
        ('<a href="javascript:alert(1)"/>', "href leads outside"),
        ('<a href="&#106;avascript:alert(1)"/>', "href leads outside"),
        ('<use href="https://example.com/a.svg#a"/>', "href leads outside"),
        ('<use xlink:href="other.svg#a"/>', "href leads outside"),
        ('<image href="data:image/svg+xml;base64,PHN2Zz4="/>', "href leads outside"),
        ('<g xml:base="https://example.com/"/>', "base leads outside"),
        ('<rect fill="url(https://example.com/a.svg#a)"/>', "style leads outside"),
        ("<rect style=\"fill: URL( 'https://example.com/a' )\"/>", "style leads outside"),
        ('<rect fill="u\\72l(https://example.com/a)"/>', "style leads outside"),
        ('<style>@import "https://example.com/a.css";</style>', "style leads outside"),
        ("<style>path { fill: url(<![CDATA[https://example.com/a]]>) }</style>", "style leads outside"),
        ("<style>@im<!-- -->port 'https://example.com/a';</style>", "style leads outside"),
    ],
)
def test_an_svg_file_that_does_more_is_refused(tmp_path: Path, inner: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, SVG.format(inner)))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (
            '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
            "DOCTYPE",
        ),
        ('<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', "DOCTYPE"),
        ('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "DOCTYPE"),
        ('<?xml-stylesheet href="https://example.com/a.css"?>', "<?xml-stylesheet?> is refused"),
        ('<?xml version="1.0" encoding="utf-7"?>', "an SVG file in utf-7 is refused"),
    ],
)
def test_what_stands_before_the_picture_brings_nothing_in(tmp_path: Path, head: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, head + SVG.format("<text>&b;</text>" if "ENTITY" in head else "")))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PNG file or a well-formed SVG file"),
        (b"GIF89a", "not a PNG file or a well-formed SVG file"),
        (PNG[:8], "not a PNG file or an SVG file in UTF-8"),
        ("<svg>", "not a PNG file or an SVG file"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "not a PNG file or an SVG file"),
        (SVG.format("<path>"), "not a PNG file or a well-formed SVG file"),
        (SVG.format("").encode("utf-16"), "not a PNG file or an SVG file in UTF-8"),
        (PNG + b"x" * MAX_BYTES, "larger than 64 KiB"),
    ],
)
def test_what_is_no_small_picture_is_refused(tmp_path: Path, content: bytes | str, reason: str) -> None:
    assert reason in refusal(write(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "missing.svg") == f"{tmp_path}/missing.svg can't be read (No such file or directory)"
    assert "can't be read (Is a directory)" in refusal(tmp_path)
