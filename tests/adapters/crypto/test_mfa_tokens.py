"""The tokens of half-signed-in clients: the real ones, and what both they and the fake promise."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.crypto.mfa_tokens import SealedMfaTokens
from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.password_attempt import AttemptKind
from bukhindor.domain.sign_in import AwaitedFactor
from bukhindor.domain.sign_in_method import Method
from bukhindor.ports.mfa_tokens import MfaTokens
from tests.fakes.mfa_tokens import FakeMfaTokens
from tests.makers import T0

SECRETS = SecretKeys([b"a new secret of thirty-two bytes!"])
OTHER_SECRETS = SecretKeys([b"some other secret of thirty bytes"])

AWAITED = AwaitedFactor(
    user_id=uuid4(),
    methods=(Method.PASSWORD,),
    kind=AttemptKind.DEVICE_PROOF,
    proven_device="a device",
    network="192.0.2.7",
    network_used_at=T0,
    password=b"\0digest",
    last_login_at=None,
    expires_at=T0 + timedelta(minutes=5, microseconds=1),
)


def real() -> MfaTokens:
    return SealedMfaTokens(SECRETS)


@pytest.fixture(params=[real, FakeMfaTokens], ids=["real", "fake"])
def tokens(request: pytest.FixtureRequest) -> MfaTokens:
    make: Callable[[], MfaTokens] = request.param
    return make()


def test_a_token_comes_back_as_what_it_was_made_of(tokens: MfaTokens) -> None:
    token = tokens.issue(AWAITED)
    assert tokens.read(token) == AWAITED
    assert token != tokens.issue(AWAITED)


@pytest.mark.parametrize("text", ["", "x", "mfa-0", "я", "A" * 100, "A" * 5000, "=", "-_-_", "a\nb"])
def test_other_texts_are_no_tokens(tokens: MfaTokens, text: str) -> None:
    tokens.issue(AWAITED)
    assert tokens.read(text) is None


@given(st.integers(0, 300), st.integers(1, 255))
def test_a_changed_token_is_none(place: int, change: int) -> None:
    token = real().issue(AWAITED).encode()
    place %= len(token)
    changed = token[:place] + bytes([token[place] ^ change]) + token[place + 1 :]
    # The last character carries two bits that mean nothing.
    assert place == len(token) - 1 or real().read(changed.decode("latin-1")) is None


def test_a_token_says_nothing_and_fits_into_a_header() -> None:
    token = real().issue(AWAITED)
    assert token.replace("-", "a").replace("_", "a").isalnum()
    assert len(token) < 600


def test_another_server_reads_nothing() -> None:
    assert SealedMfaTokens(OTHER_SECRETS).read(real().issue(AWAITED)) is None


def test_what_another_version_has_sealed_is_no_token() -> None:
    from base64 import urlsafe_b64encode

    sealed = SecretSeal(SECRETS).close(b"\x81\xa1x\x01", "mfa token")
    assert real().read(urlsafe_b64encode(sealed).decode()) is None
