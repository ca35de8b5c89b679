"""The form of service keys, their names and scopes, and how long they are valid."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.service_key import Scope, ServiceKeyName, ServiceKeySecret, in_order
from tests.makers import T0, make_secret, make_service_key

SEEDS = st.binary(min_size=32, max_size=32)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(SEEDS)
def test_a_key_has_a_prefix_and_a_length_that_scanners_find(seed: bytes) -> None:
    secret = ServiceKeySecret.of(seed)
    assert re.fullmatch(r"bk_[0-9A-Za-z]{49}", secret.reveal())
    read = ServiceKeySecret.read(secret.reveal())
    assert read is not None
    assert read.digest == secret.digest


@given(SEEDS, SEEDS)
def test_every_bit_of_the_seed_is_in_the_key(one: bytes, other: bytes) -> None:
    assert (ServiceKeySecret.of(one).reveal() == ServiceKeySecret.of(other).reveal()) is (one == other)


@given(SEEDS, st.integers(3, 51), st.sampled_from(ALPHABET))
def test_a_typing_mistake_is_seen_without_the_database(seed: bytes, place: int, letter: str) -> None:
    text = ServiceKeySecret.of(seed).reveal()
    mistyped = text[:place] + letter + text[place + 1 :]
    assert (ServiceKeySecret.read(mistyped) is None) is (mistyped != text)


@pytest.mark.parametrize("text", ["", "bk_", "bkr_" + "A" * 70, "bk_" + "A" * 49, "eyJ.a.b", "bk_" + "é" * 49])
def test_what_is_no_key_is_not_read(text: str) -> None:
    assert ServiceKeySecret.read(text) is None
    whole = make_secret().reveal()
    assert ServiceKeySecret.read(f"{whole}\n") is None
    assert ServiceKeySecret.read(whole[:-1]) is None


def test_the_key_and_its_digest_are_not_printed() -> None:
    secret = make_secret()
    key = make_service_key(secret=secret)
    assert secret.reveal() not in repr(secret)
    assert repr(key.digest) not in repr(key)


@pytest.mark.parametrize("name", ["a", "orders", "api.orders-2_x", "0", "a" * 63])
def test_a_name_needs_no_encoding_anywhere(name: str) -> None:
    assert ServiceKeyName.parse(name) == name


@pytest.mark.parametrize("name", ["", "Orders", "a b", "a:b", "-a", "a-", ".a", "a\n", "й", "a" * 64, "a%20"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        ServiceKeyName.parse(name)
    assert refused.value.code == "invalid_name"


@pytest.mark.parametrize("word", ["", "users", "users:*", "webhooks:write", "push:read", "USERS:READ"])
def test_a_scope_that_opens_nothing_is_refused_with_those_that_there_are(word: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Scope.parse(word)
    assert all(scope in refused.value.message for scope in Scope)


def test_scopes_have_one_order() -> None:
    assert in_order(frozenset({Scope.AUDIT_READ, Scope.USERS_READ})) == [Scope.USERS_READ, Scope.AUDIT_READ]
    assert Scope.parse("audit:read") is Scope.AUDIT_READ


def test_a_key_expires_at_its_moment_and_one_without_never() -> None:
    key = make_service_key(expires_at=T0)
    assert not key.has_expired_at(T0 - timedelta(microseconds=1))
    assert key.has_expired_at(T0)
    assert not make_service_key().has_expired_at(T0 + timedelta(days=36_500))


def test_the_last_use_moves_in_steps_of_an_hour() -> None:
    key = make_service_key().used(T0)
    assert key.last_used_at == T0
    assert key.used(T0 + timedelta(minutes=59)) is key
    assert key.used(T0 + timedelta(hours=1)).last_used_at == T0 + timedelta(hours=1)
