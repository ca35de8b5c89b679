"""The version of a build tells builds apart."""

import re
from importlib.metadata import version

import pytest

from build_version import version_of
from bukhindor import BUILD, __version__


@pytest.mark.parametrize(
    ("described", "given", "named"),
    [
        ("v0.1.0-12-g43a1993", {}, "0.2.0.dev12+g43a1993"),
        ("v0.1.0-0-g43a1993", {}, "0.1.0"),
        ("640-g43a1993", {}, "0.2.0.dev640+g43a1993"),
        ("", {}, "0.2.0.dev0"),
        ("", {"BUKHINDOR_REVISION": "43a1993c0ffee0000000000000000000000000ab"}, "0.2.0.dev0+g43a1993"),
        ("", {"BUKHINDOR_VERSION": "dev", "BUKHINDOR_REVISION": "unknown"}, "0.2.0.dev0"),
        ("", {"BUKHINDOR_VERSION": "1.2.3", "BUKHINDOR_REVISION": "unknown"}, "1.2.3"),
    ],
)
def test_the_version_names_the_release_or_the_commit(described: str, given: dict[str, str], named: str) -> None:
    assert version_of("0.1.0", described, given) == named


def test_the_installed_program_has_the_version_of_its_build() -> None:
    assert version("bukhindor-backend") == BUILD
    assert __version__ == BUILD or re.fullmatch(r"\d+\.\d+\.0\.dev\d+(?:\+g[0-9a-f]{7,})?", BUILD)
