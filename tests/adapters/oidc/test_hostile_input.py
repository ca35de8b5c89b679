"""Whatever a client or a provider sends, it is accepted or refused, and nothing else happens (IDP-01, IDP-05)."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.oidc.id_token import Refused, accept, read_token
from bukhindor.adapters.oidc.key_set import read_key_set
from bukhindor.adapters.oidc.metadata import ALGORITHMS, Metadata, read_metadata
from bukhindor.adapters.oidc.outbound import Unusable, decoded
from bukhindor.domain.identity import ProviderSettings
from tests.makers import T0
from tests.oidc_provider.keys import SigningKey, ec, ed, packed, rsa

SETTINGS = ProviderSettings(name="google", label="Google", issuer="https://a.example", client_ids=("web",))
NOW = int(T0.timestamp())
RIGHT = {"iss": "https://a.example", "aud": "web", "sub": "s", "iat": NOW, "exp": NOW + 60, "nonce": "n"}
KEYS = [rsa("k1"), rsa("k2", "PS256"), ec("k3"), ed("k4")]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def compact(header: Any, claims: Any) -> str:
    return f"{packed(msgspec.json.encode(header))}.{packed(msgspec.json.encode(claims))}.AAAA"


@given(st.text() | st.text(alphabet="abcAB01-_.=", max_size=60))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    with suppress(Refused):
        read_token(text)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jku", "x"]), json_values),
    st.dictionaries(st.sampled_from([*RIGHT, "azp", "nbf", "email", "email_verified", "name", "amr"]), json_values),
)
def test_any_claims_are_accepted_or_refused(header: dict[str, Any], changes: dict[str, Any]) -> None:
    with suppress(Refused):
        claims = accept(read_token(compact({"alg": "RS256", **header}, RIGHT | changes)), SETTINGS, "n", T0)
        assert claims.issuer == SETTINGS.issuer
        assert claims.audience == "web"
        assert 0 < len(claims.subject) <= 255
        assert claims.expires_at > T0
        assert not claims.is_email_verified or claims.email is not None


@given(st.binary(max_size=200), st.integers(0, 3))
def test_no_text_but_one_says_what_a_token_says(extra: bytes, cut: int) -> None:
    """Of all texts that decode to the same bytes, one is read."""
    payload = msgspec.json.encode({**RIGHT, "x": urlsafe_b64encode(extra).decode()})
    part = packed(payload)
    header = packed(b'{"alg":"RS256"}')
    assert read_token(f"{header}.{part}.AAAA").claims["x"] == urlsafe_b64encode(extra).decode()
    for other in (part + "=" * (cut + 1), part[:-1] + chr(ord(part[-1]) + 1)):
        try:
            assert read_token(f"{header}.{other}.AAAA").signed != f"{header}.{part}".encode()
        except Refused:
            continue


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
@given(signature=st.binary(max_size=300))
def test_no_bytes_but_the_signature_verify(key: SigningKey, signature: bytes) -> None:
    (known,) = read_key_set({"keys": [key.public]}, ALGORITHMS).keys
    token = read_token(key.sign(RIGHT))
    assert known.verifies(token.algorithm, token.signed, token.signature)
    assert not known.verifies(token.algorithm, token.signed, signature)
    assert not known.verifies(token.algorithm, token.signed, token.signature[:-1])
    assert not known.verifies(token.algorithm, token.signed, token.signature + b"\0")
    assert not known.verifies(token.algorithm, token.signed, b"")


@given(json_values)
def test_any_json_is_a_key_set_or_none(content: Any) -> None:
    with suppress(Unusable):
        read_key_set(content if isinstance(content, dict) else {"keys": content}, ALGORITHMS)


@given(
    st.sampled_from(KEYS),
    st.dictionaries(st.sampled_from("kty crv n e x y kid alg use key_ops d".split()), json_values),
)
def test_any_change_of_a_key_is_survived(key: SigningKey, changes: dict[str, Any]) -> None:
    with suppress(Unusable):
        read_key_set({"keys": [key.public | changes]}, ALGORITHMS)


DOCUMENT = {
    "issuer": "https://a.example",
    "authorization_endpoint": "https://a.example/auth",
    "token_endpoint": "https://a.example/token",
    "jwks_uri": "https://b.example/keys",
}
NAMES = [*DOCUMENT, *Metadata.__dataclass_fields__, "id_token_signing_alg_values_supported"]
NAMES += ["token_endpoint_auth_methods_supported", "authorization_response_iss_parameter_supported"]


@given(st.dictionaries(st.sampled_from(NAMES), json_values | st.text(alphabet="htps:/@[]%#?.a1 \\", max_size=20)))
def test_any_document_is_metadata_or_none(changes: dict[str, Any]) -> None:
    with suppress(Unusable):
        metadata = read_metadata(DOCUMENT | changes, "https://a.example")
        assert metadata.jwks_uri.startswith("https://")
        assert metadata.token_endpoint.startswith("https://")
        assert metadata.algorithms <= ALGORITHMS


@given(st.binary(max_size=200))
def test_any_body_is_an_object_or_none(body: bytes) -> None:
    with suppress(Unusable):
        assert isinstance(decoded(body, "it"), dict)
