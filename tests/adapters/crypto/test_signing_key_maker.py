"""New signing keys, and how their private part is sealed."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc.jwk import ECKey

from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.ports.token_keys import SigningKeyMaker

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"


def test_a_new_key_shows_the_public_part_of_what_is_sealed() -> None:
    keys = SecretKeys([NEW])
    maker: SigningKeyMaker = Es256SigningKeyMaker(keys)

    made = maker.make(NOW)

    encoded = PrivateKeySeal(keys).unseal(made.sealed_private_key, made.kid)
    assert encoded is not None
    private = load_der_private_key(encoded, password=None)
    assert isinstance(private, EllipticCurvePrivateKey)
    public = ECKey.import_key(private.public_key()).as_dict(private=False)
    assert made.public_jwk == {**public, "kid": made.kid, "use": "sig", "alg": "ES256"}
    assert set(made.public_jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (made.created_at, made.retired_at) == (NOW, None)


def test_a_key_is_named_by_its_thumbprint() -> None:
    """RFC 7638 section 3: SHA-256 over the required members in order of their names."""
    made = Es256SigningKeyMaker(SecretKeys([NEW])).make(NOW)

    required = {name: made.public_jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = sha256(json.dumps(required, separators=(",", ":")).encode()).digest()
    assert made.kid == urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_every_key_is_another_one() -> None:
    maker = Es256SigningKeyMaker(SecretKeys([NEW]))

    assert len({maker.make(NOW).kid for _ in range(10)}) == 10


def test_secret_and_private_part_are_not_printed() -> None:
    made = Es256SigningKeyMaker(SecretKeys([NEW])).make(NOW)

    assert "sealed" not in repr(made)
    assert "d" not in made.public_jwk


def test_a_seal_shows_nothing_and_differs_each_time() -> None:
    seal = PrivateKeySeal(SecretKeys([NEW]))

    one, two = seal.seal(b"private", "kid"), seal.seal(b"private", "kid")

    assert one != two
    assert b"private" not in one
    assert seal.unseal(one, "kid") == seal.unseal(two, "kid") == b"private"


def test_a_seal_opens_while_its_secret_is_listed() -> None:
    sealed = PrivateKeySeal(SecretKeys([OLD])).seal(b"private", "kid")

    assert PrivateKeySeal(SecretKeys([NEW, OLD])).unseal(sealed, "kid") == b"private"
    assert PrivateKeySeal(SecretKeys([NEW])).unseal(sealed, "kid") is None


def test_a_new_seal_is_made_under_the_first_secret() -> None:
    sealed = PrivateKeySeal(SecretKeys([NEW, OLD])).seal(b"private", "kid")

    assert PrivateKeySeal(SecretKeys([NEW])).unseal(sealed, "kid") == b"private"
    assert PrivateKeySeal(SecretKeys([OLD])).unseal(sealed, "kid") is None


def test_a_seal_belongs_to_one_key() -> None:
    seal = PrivateKeySeal(SecretKeys([NEW]))

    assert seal.unseal(seal.seal(b"private", "kid"), "another") is None


def test_no_byte_of_a_seal_can_be_changed() -> None:
    seal = PrivateKeySeal(SecretKeys([NEW]))
    sealed = seal.seal(b"private", "kid")

    for position in range(len(sealed)):
        tampered = bytearray(sealed)
        tampered[position] ^= 1
        assert seal.unseal(bytes(tampered), "kid") is None


@pytest.mark.parametrize("length", [0, 1, 8, 19, 20, 21, 35])
def test_a_seal_cut_short_does_not_open(length: int) -> None:
    seal = PrivateKeySeal(SecretKeys([NEW]))

    assert seal.unseal(seal.seal(b"private", "kid")[:length], "kid") is None
