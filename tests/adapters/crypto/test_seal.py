"""What is sealed opens for its context only: the same scenarios over the real seal and the fake."""

import pytest

from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.ports.secrets import Seal
from tests.fakes.seal import FakeSeal

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"


@pytest.fixture(params=["real", "fake"])
def seal(request: pytest.FixtureRequest) -> Seal:
    return FakeSeal() if request.param == "fake" else SecretSeal(SecretKeys([NEW]))


@pytest.mark.parametrize("content", [b"", b"content", bytes(range(256)) * 100])
def test_content_comes_back_for_its_context(seal: Seal, content: bytes) -> None:
    sealed = seal.close(content, "mail:1")
    assert seal.open(sealed, "mail:1") == content
    for other in ("mail:2", "mail:", "", "mail:1 "):
        assert seal.open(sealed, other) is None


def test_no_byte_of_sealed_content_can_be_changed(seal: Seal) -> None:
    sealed = seal.close(b"content", "mail:1")
    for position in range(len(sealed)):
        tampered = bytearray(sealed)
        tampered[position] ^= 1
        assert seal.open(bytes(tampered), "mail:1") is None


@pytest.mark.parametrize("length", [0, 1, 8, 19, 20, 21])
def test_what_was_cut_short_or_is_not_ours_does_not_open(seal: Seal, length: int) -> None:
    assert seal.open(seal.close(b"content", "mail:1")[:length], "mail:1") is None
    assert seal.open(bytes(length), "mail:1") is None


def test_sealed_content_shows_nothing_and_differs_each_time() -> None:
    seal = SecretSeal(SecretKeys([NEW]))
    one, two = seal.close(b"content", "mail:1"), seal.close(b"content", "mail:1")
    assert one != two
    assert b"content" not in one
    assert b"mail" not in one


def test_it_opens_while_its_secret_is_listed_and_closes_under_the_first() -> None:
    sealed = SecretSeal(SecretKeys([OLD])).close(b"content", "mail:1")
    both = SecretSeal(SecretKeys([NEW, OLD]))
    assert both.open(sealed, "mail:1") == b"content"
    assert SecretSeal(SecretKeys([NEW])).open(sealed, "mail:1") is None
    newer = both.close(b"content", "mail:1")
    assert SecretSeal(SecretKeys([NEW])).open(newer, "mail:1") == b"content"
    assert SecretSeal(SecretKeys([OLD])).open(newer, "mail:1") is None


def test_a_private_key_can_not_be_opened_as_something_else() -> None:
    keys = SecretKeys([NEW])
    sealed = PrivateKeySeal(keys).seal(b"private", "kid")
    assert SecretSeal(keys).open(sealed, "kid") is None
    assert SecretSeal(keys).open(sealed, "mail:kid") is None
    assert PrivateKeySeal(keys).unseal(SecretSeal(keys).close(b"content", "kid"), "kid") is None
