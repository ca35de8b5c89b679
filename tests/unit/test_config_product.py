"""The face of the product: name, color, logo and support."""

from pathlib import Path

import pytest

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.product import contrast_with_white
from bukhindor.domain.product import Logo, Product

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def problem_of(variable: str, value: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({variable: value}, None)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{variable}: ")
    assert "; for example " in problem
    assert problem.isprintable()
    return problem


def test_without_settings_it_is_our_own() -> None:
    assert Settings.read({}, None).product == Product("Bukhindor", "#1a56db", None, "")


def test_a_team_gives_its_own(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_bytes(LOGO)
    environ = {
        "PRODUCT_NAME": " Пример, Inc. ",
        "PRODUCT_COLOR": "#7A1F1F",
        "PRODUCT_LOGO": str(path),
        "SUPPORT_URL": "mailto:help@example.com?subject=Help",
    }
    settings = Settings.read(environ, None)
    expected = Product("Пример, Inc.", "#7a1f1f", Logo(LOGO, "image/svg+xml"), "mailto:help@example.com?subject=Help")
    assert settings.product == expected
    assert "<svg" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 61, "at most 60"), ("Exa\u202emple", "invisible"), ("a\x00", "control")]
)
def test_a_name_that_would_not_be_read_is_refused(name: str, reason: str) -> None:
    assert reason in problem_of("PRODUCT_NAME", name)


@pytest.mark.parametrize(
    ("color", "contrast"),
    [("#ffffff", 1.0), ("#000000", 21.0), ("#777777", 4.48), ("#767676", 4.54), ("#1a56db", 6.18), ("#ff0000", 4.0)],
)
def test_the_contrast_is_the_one_of_the_guidelines(color: str, contrast: float) -> None:
    """Figures as published tools show them."""
    assert contrast_with_white(color) == pytest.approx(contrast, abs=0.01)


@pytest.mark.parametrize("color", ["#767676", "#1A56DB", "#000000"])
def test_a_color_that_white_text_is_read_on_is_taken(color: str) -> None:
    assert Settings.read({"PRODUCT_COLOR": color}, None).product.color == color.lower()


@pytest.mark.parametrize(
    ("color", "reason"),
    [
        ("#777777", "white text on #777777 has a contrast of 4.47:1, at least 4.5:1 is needed"),
        ("#ffcc00", "white text on #ffcc00 has a contrast of 1.5"),
        ("blue", "not a color of six hexadecimal digits"),
        ("#abc", "not a color of six hexadecimal digits"),
        ("#1a56db;}", "not a color of six hexadecimal digits"),
        ("#1a56d\u0661", "not a color of six hexadecimal digits"),
    ],
)
def test_a_color_that_hides_white_text_or_is_none_is_refused(color: str, reason: str) -> None:
    assert reason in problem_of("PRODUCT_COLOR", color)


def test_a_logo_that_can_act_or_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    assert "can't be read (No such file or directory)" in problem_of("PRODUCT_LOGO", str(path))
    path.write_bytes(LOGO.replace(b"/>", b"><script/></svg>"))
    assert "<script> is refused" in problem_of("PRODUCT_LOGO", str(path))
    assert "control characters" in problem_of("PRODUCT_LOGO", "logo\x07.svg")


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://help.example.com:8443/a?b=c#d", "mailto:help@example.com"]
)
def test_support_is_a_web_address_or_a_mailbox(url: str) -> None:
    assert Settings.read({"SUPPORT_URL": url}, None).product.support_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "javascript:alert(1)",
        "example.com",
        "https://",
        "https://user:password@example.com",
        "https://[::1",
        "https://example.com:99999",
        "mailto:",
        "mailto:help",
        'https://example.com/"onclick="x',
        "https://example.com/ x",
        "https://пример.рф",
        "https://example.com/" + "x" * 500,
    ],
)
def test_any_other_address_of_support_is_refused(url: str) -> None:
    problem_of("SUPPORT_URL", url)
