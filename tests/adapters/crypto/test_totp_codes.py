"""Codes of authenticator apps: the real ones against RFC 6238, and what both they and the fake promise."""

import base64
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.crypto.totp_codes import PyotpTotpCodes
from bukhindor.domain.factor import SECRET_BYTES, TotpCode
from bukhindor.ports.factors import TotpCodes
from tests.fakes.totp_codes import FakeTotpCodes
from tests.makers import address

RFC_SECRET = b"12345678901234567890"
ANN = address("ann+work@example.com")


def real() -> PyotpTotpCodes:
    return PyotpTotpCodes("Fox & Co: shop")


@pytest.fixture(params=[real, FakeTotpCodes], ids=["real", "fake"])
def codes(request: pytest.FixtureRequest) -> TotpCodes:
    make: Callable[[], TotpCodes] = request.param
    return make()


@pytest.mark.parametrize(
    ("at", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(at: int, eight_digits: str) -> None:
    # Appendix B has eight digits; six are the last six of them.
    step, code = at // 30, TotpCode(eight_digits[-6:])
    assert real().matching_step(RFC_SECRET, code, [step]) == step
    assert real().matching_step(RFC_SECRET, code, [step - 1, step + 1]) is None
    assert real().matching_step(b"x" * SECRET_BYTES, code, [step]) is None


def test_secrets_have_160_bits_and_differ(codes: TotpCodes) -> None:
    made = {codes.make_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(secret) for secret in made} == {20}


def test_no_step_has_no_code(codes: TotpCodes) -> None:
    assert codes.matching_step(codes.make_secret(), TotpCode("000000"), []) is None


@given(st.binary(min_size=20, max_size=20), st.integers(1, 2**40), st.permutations([-1, 0, 1]))
def test_a_code_is_found_among_three_steps_in_any_order(secret: bytes, step: int, order: list[int]) -> None:
    import pyotp

    code = TotpCode(pyotp.HOTP(base64.b32encode(secret).decode()).at(step))
    found = real().matching_step(secret, code, [step + each for each in order])
    # Neighbours share a code once in a million times; the newer one counts then.
    assert found in (step, step + 1)


def test_the_uri_names_product_account_and_secret() -> None:
    uri = urlsplit(real().uri(RFC_SECRET, ANN))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Fox & Co  shop:ann+work@example.com"
    assert parse_qs(uri.query) == {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["Fox & Co  shop"]}
    assert real().in_base32(RFC_SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_the_qr_code_is_an_svg_without_script_or_references() -> None:
    svg = real().qr_svg(real().uri(RFC_SECRET, ANN))
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "g", "path"}
    assert not any("href" in name or name.startswith("on") for element in root.iter() for name in element.attrib)
    assert svg != real().qr_svg(real().uri(b"x" * SECRET_BYTES, ANN))


def test_the_longest_names_still_fit_into_a_qr_code() -> None:
    longest = address("a" * 64 + "@" + ".".join(["ж" * 40] * 3) + ".рф")
    svg = PyotpTotpCodes("Ж" * 100).qr_svg(PyotpTotpCodes("Ж" * 100).uri(RFC_SECRET, longest))
    assert ET.fromstring(svg).tag.endswith("svg")
