"""Secrets that go out by mail: the real ones, and what both they and the fake promise."""

import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from itertools import product
from uuid import UUID, uuid4

import pytest

from bukhindor.adapters.crypto.one_time_secrets import DerivedOneTimeSecrets
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.one_time_token import Purpose
from bukhindor.ports.secrets import OneTimeSecrets
from tests.fakes.one_time_secrets import FakeOneTimeSecrets

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"
ANN, BOB = uuid4(), uuid4()


def real(*secrets: bytes) -> OneTimeSecrets:
    return DerivedOneTimeSecrets(SecretKeys(secrets or [NEW]))


@pytest.fixture(params=[real, FakeOneTimeSecrets], ids=["real", "fake"])
def secrets(request: pytest.FixtureRequest) -> OneTimeSecrets:
    make: Callable[[], OneTimeSecrets] = request.param
    return make()


def test_a_secret_has_a_token_for_the_link_and_eight_digits_to_type(secrets: OneTimeSecrets) -> None:
    for secret in (secrets.make() for _ in range(100)):
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret.token)
        assert re.fullmatch(r"[0-9]{8}", secret.code)
        assert secret.token not in repr(secret)
        assert secret.code not in repr(secret)


def test_a_digest_is_the_same_again_and_another_for_anything_else(secrets: OneTimeSecrets) -> None:
    """RST-07: a code belongs to one user and one purpose."""
    one, two = secrets.make(), secrets.make()
    assert secrets.hash_token(one.token) == secrets.hash_token(one.token) != secrets.hash_token(two.token)
    uses = list(product(("00000001", "00000002", "1"), (ANN, BOB), Purpose))
    digests = [secrets.hash_code(*use) for use in uses]
    assert len(set(digests)) == len(uses)
    assert digests == [secrets.hash_code(*use) for use in uses]


@pytest.mark.parametrize("text", ["", "\x00", "é" * 1000, "\ud800", "1234 5678"])
def test_whatever_a_stranger_sends_has_a_digest(secrets: OneTimeSecrets, text: str) -> None:
    assert secrets.hash_token(text) != secrets.hash_token("other")
    assert secrets.hash_code(text, ANN, Purpose.VERIFY_EMAIL)


def test_a_thousand_tokens_have_nothing_in_common() -> None:
    """RST-02: 256 random bits, no prefix that tells the time."""
    made = [real().make().token for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(len(urlsafe_b64decode(token + "=")) == 32 for token in made)
    for position in range(42):
        seen = Counter(token[position] for token in made)
        assert len(seen) >= 56
        assert max(seen.values()) <= 50


def test_codes_are_spread_evenly() -> None:
    """Also those that begin with zeros come."""
    source = real()
    codes = [source.make().code for _ in range(4000)]
    assert len(set(codes)) > 3990
    for position in range(8):
        seen = Counter(code[position] for code in codes)
        assert len(seen) == 10
        # Six times the standard deviation on both sides: chance alone goes beyond that once in millions of runs.
        assert 286 < min(seen.values()) <= max(seen.values()) < 514


def test_only_digests_of_secrets_are_kept() -> None:
    """RST-03: a token is found by its SHA-256; no digest of a code can be made without the server's secret."""
    source = real()
    secret = source.make()
    assert source.hash_token(secret.token) == sha256(secret.token.encode()).digest()
    digest = source.hash_code(secret.code, ANN, Purpose.RESET_PASSWORD)
    assert len(digest) == 32
    said = ANN.bytes + b"reset_password|" + secret.code.encode()
    assert digest not in (sha256(said).digest(), sha256(secret.code.encode()).digest())
    assert real(OLD).hash_code(secret.code, ANN, Purpose.RESET_PASSWORD) != digest
    assert real(NEW, OLD).hash_code(secret.code, ANN, Purpose.RESET_PASSWORD) == digest
    assert real(OLD, NEW).hash_token(secret.token) == source.hash_token(secret.token)


def test_no_two_codes_are_said_in_the_same_way() -> None:
    """A bar in what was typed doesn't move the border between purpose and code."""
    source = real()
    user_id = UUID(bytes=b"verify_email|123")
    assert source.hash_code("|1", user_id, Purpose.VERIFY_EMAIL) != source.hash_code("1", user_id, Purpose.VERIFY_EMAIL)
