"""What browsers and apps keep of a sign-in at another provider: sealed, each kind for its own use."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bukhindor.adapters.crypto.identity_web_flow import SealedWebFlows
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.identity import IdentityClaims, ProviderGrant
from bukhindor.domain.identity_web_flow import Destination, ProvenIdentity, WebFlow
from bukhindor.ports.identity_web_flow import WebFlowSeals
from tests.fakes.identity_web_flow import FakeWebFlowSeals
from tests.makers import T0, address

SECRET = b"a secret of at least thirty-two bytes"
FLOW = WebFlow(
    provider="keycloak",
    destination=Destination(
        redirect_uri="com.example.app:/signed-in", challenge="c" * 43, app_state="x y", session_id=UUID(int=7)
    ),
    secret=bytes(range(32)),
    browser=bytes(32),
    expires_at=T0,
)
CLAIMS = IdentityClaims(
    provider="apple",
    issuer="https://appleid.apple.com",
    subject="001",
    audience="com.example.web",
    email=address("x1@privaterelay.appleid.com"),
    is_email_verified=True,
    is_private_email=True,
    name=None,
    amr=("pwd", "mfa"),
    token_hash=bytes(range(32)),
    expires_at=T0 + timedelta(minutes=10),
)
IDENTITY = ProvenIdentity(
    claims=CLAIMS,
    name="Анна",
    grant=ProviderGrant("com.example.web", "the-refresh-token"),
    challenge="c" * 43,
    session_id=None,
    expires_at=T0 + timedelta(seconds=60),
)


def real(*secrets: bytes) -> SealedWebFlows:
    return SealedWebFlows(SecretKeys(secrets or (SECRET,)))


@pytest.fixture(params=["fake", "real"])
def seals(request: pytest.FixtureRequest) -> WebFlowSeals:
    return FakeWebFlowSeals() if request.param == "fake" else real()


def test_what_was_sealed_opens_as_it_was(seals: WebFlowSeals) -> None:
    assert seals.open_flow(seals.seal_flow(FLOW)) == FLOW
    assert seals.open_identity(seals.seal_identity(IDENTITY)) == IDENTITY
    bare = replace(IDENTITY, claims=replace(CLAIMS, email=None), name=None, grant=None, session_id=UUID(int=7))
    assert seals.open_identity(seals.seal_identity(bare)) == bare


def test_a_flow_is_no_identity_and_an_identity_no_flow(seals: WebFlowSeals) -> None:
    assert seals.open_identity(seals.seal_flow(FLOW)) is None
    assert seals.open_flow(seals.seal_identity(IDENTITY)) is None


@pytest.mark.parametrize("text", ["", "x", "é" * 40, "a" * 100_000, "AAAA" * 30, "=" * 8])
def test_other_texts_open_as_nothing(seals: WebFlowSeals, text: str) -> None:
    assert seals.open_flow(text) is None
    assert seals.open_identity(text) is None


def test_a_text_says_nothing_and_fits_into_an_address() -> None:
    """The refresh token of the provider passes through the app's address, under AES-256-GCM."""
    code = real().seal_identity(IDENTITY)
    assert code.replace("-", "").replace("_", "").isalnum()
    assert len(code) < 1000
    raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    assert not any(secret in raw for secret in (b"the-refresh-token", b"privaterelay", "Анна".encode()))
    assert len(real().seal_flow(FLOW)) < 500


def test_each_changed_bit_is_noticed() -> None:
    code = real().seal_identity(IDENTITY)
    raw = bytearray(urlsafe_b64decode(code + "=" * (-len(code) % 4)))
    for position in range(len(raw)):
        raw[position] ^= 1
        assert real().open_identity(urlsafe_b64encode(raw).decode()) is None
        raw[position] ^= 1


def test_a_text_of_the_former_secret_still_opens_and_one_of_a_stranger_does_not() -> None:
    state = real().seal_flow(FLOW)
    assert real(b"the next secret, of more than thirty-two", SECRET).open_flow(state) == FLOW
    assert real(b"the secret of someone who is not asked").open_flow(state) is None


def test_what_another_version_has_sealed_is_refused() -> None:
    seals = real()
    state = seals._closed(json.dumps({"provider": "apple"}).encode(), "identity web flow")
    code = seals._closed(json.dumps({"claims": 1}).encode(), "proven identity")
    assert seals.open_flow(state) is None
    assert seals.open_identity(code) is None
