"""Refresh tokens: derived from session and secret, looking random, hard to change."""

import re
import secrets
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.device import Device
from bukhindor.domain.session import Session
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import RefreshTicket
from bukhindor.ports.secrets import RefreshTokens

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def session(session_id: UUID | None = None, seed: bytes | None = None, generation: int = 1) -> Session:
    started = Session.start(
        session_id or uuid4(), uuid4(), seed or secrets.token_bytes(32), Device(), (Method.PASSWORD,), NOW
    )
    return replace(started, generation=generation)


@pytest.fixture
def tokens() -> RefreshTokens:
    return DerivedRefreshTokens(SecretKeys([NEW]))


def test_a_token_says_its_session_and_generation_and_is_genuine(tokens: RefreshTokens) -> None:
    held = session(generation=7)

    (ticket,) = tokens.read(tokens.derive(held))

    assert (ticket.session_id, ticket.generation) == (held.id, 7)
    assert tokens.is_genuine(ticket, held)


def test_the_same_child_is_the_same_token_whenever_it_is_asked_for(tokens: RefreshTokens) -> None:
    """RT-05: a response that got lost is given again, also by another process."""
    held = session(generation=3)

    assert tokens.derive(held) == tokens.derive(held) == DerivedRefreshTokens(SecretKeys([NEW])).derive(held)


def test_a_token_stays_what_it_was_in_earlier_releases() -> None:
    """A change of the construction would sign everybody out."""
    held = session(UUID("6f1ed002-ab55-4d2c-8ab3-0a8a8a3f1a11"), b"\x07" * 32, generation=5)

    assert DerivedRefreshTokens(SecretKeys([b"s" * 32])).derive(held) == (
        "bkr_3Jo4XTBnbT3Xom_CadpGUNrsc-OY8hOre8phmCP3fk1zD85r-iIREWeDfmlQ4MDMFq1ARg"
    )


def test_a_token_of_an_earlier_generation_is_still_read_as_genuine(tokens: RefreshTokens) -> None:
    """Whether it may still be used is the session's business."""
    held = session(generation=1)
    (ticket,) = tokens.read(tokens.derive(held))

    assert tokens.is_genuine(ticket, replace(held, generation=9))


def test_tokens_look_random_from_the_first_character_to_the_last(tokens: RefreshTokens) -> None:
    """RT-02: 1,000 tokens of one session, and of 1,000 sessions, have nothing in common but the prefix."""
    one = session()
    of_one = [tokens.derive(replace(one, generation=number)) for number in range(1, 1001)]
    of_many = [tokens.derive(session()) for _ in range(1000)]

    for issued in (of_one, of_many):
        assert len(set(issued)) == 1000
        assert all(re.fullmatch(r"bkr_[A-Za-z0-9_-]{70}", token) for token in issued)
        for position in range(4, 73):
            seen = [token[position] for token in issued]
            assert len(set(seen)) >= 56
            assert max(map(seen.count, set(seen))) <= 50
        last = [token[73] for token in issued]
        assert set(last) == set("AQgw")


def test_session_and_seed_cannot_be_seen_in_a_token(tokens: RefreshTokens) -> None:
    """RT-02."""
    held = session(UUID(int=0), b"\x00" * 32)

    raw = urlsafe_b64decode(tokens.derive(held)[4:] + "==")

    assert b"\x00\x00\x00" not in raw


def test_no_character_of_a_token_can_be_changed(tokens: RefreshTokens) -> None:
    held = session()
    token = tokens.derive(held)

    for position in range(len(token)):
        for other in {"A", "Q", "_", "=", "+", " ", "é"} - {token[position]}:
            tampered = token[:position] + other + token[position + 1 :]
            assert not any(tokens.is_genuine(ticket, held) for ticket in tokens.read(tampered))


def test_no_bit_of_what_a_ticket_says_can_be_changed(tokens: RefreshTokens) -> None:
    held = session(generation=4)
    (ticket,) = tokens.read(tokens.derive(held))

    for bit in range(256):
        proof = (int.from_bytes(ticket.proof) ^ (1 << bit)).to_bytes(32)
        assert not tokens.is_genuine(replace(ticket, proof=proof), held)
    for generation in (0, 3, 5, 2**32 - 1):
        assert not tokens.is_genuine(replace(ticket, generation=generation), held)
    assert not tokens.is_genuine(replace(ticket, proof=b""), held)


def test_a_ticket_is_not_genuine_for_another_session_or_seed(tokens: RefreshTokens) -> None:
    held = session()
    (ticket,) = tokens.read(tokens.derive(held))

    assert not tokens.is_genuine(ticket, replace(held, id=uuid4()))
    assert not tokens.is_genuine(ticket, replace(held, seed=secrets.token_bytes(32)))
    assert not tokens.is_genuine(RefreshTicket(uuid4(), 1, ticket.proof), held)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bkr_",
        "bkr_" + "A" * 69,
        "bkr_" + "A" * 71,
        "bkr_" + "A" * 69 + "B",
        "bkr_" + "A" * 68 + "==",
        "bkr_" + "A" * 69 + "=",
        "bkr_" + "+/" * 35,
        "bkr_" + "A" * 35 + "\n" + "A" * 34,
        "bkr_" + "A" * 70 + "\n",
        " bkr_" + "A" * 70,
        "BKR_" + "A" * 70,
        "A" * 74,
        "bkr_" + "А" * 70,
        "bkr_" + "\x00" * 70,
        "bkr_" + "\ud800" * 70,
        "eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiIxIn0." + "A" * 86,
        "A" * 1_000_000,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_has_not_our_form_is_not_read(tokens: RefreshTokens, text: str) -> None:
    """RT-10 among others: an access token is no refresh token."""
    assert list(tokens.read(text)) == []


def test_a_well_formed_invention_is_read_and_never_genuine(tokens: RefreshTokens) -> None:
    held = session()

    (ticket,) = tokens.read("bkr_" + "A" * 70)

    assert not tokens.is_genuine(ticket, held)
    assert not tokens.is_genuine(replace(ticket, session_id=held.id), held)


def test_after_a_new_secret_old_tokens_stay_genuine_and_new_ones_are_made_with_it() -> None:
    held = session(generation=2)
    before, after = DerivedRefreshTokens(SecretKeys([OLD])), DerivedRefreshTokens(SecretKeys([NEW, OLD]))

    readings = after.read(before.derive(held))

    assert [after.is_genuine(ticket, held) for ticket in readings] == [False, True]
    assert after.derive(held) == DerivedRefreshTokens(SecretKeys([NEW])).derive(held) != before.derive(held)


def test_a_token_under_a_secret_that_left_is_not_genuine() -> None:
    held = session()
    before, after = DerivedRefreshTokens(SecretKeys([OLD])), DerivedRefreshTokens(SecretKeys([NEW]))
    token = before.derive(held)

    for ticket in (*after.read(token), *before.read(token)):
        assert not after.is_genuine(ticket, held)


@given(
    session_id=st.uuids(),
    seed=st.binary(min_size=32, max_size=32),
    generation=st.integers(min_value=1, max_value=2**32 - 1),
    server=st.lists(st.binary(min_size=32, max_size=48), min_size=1, max_size=3, unique=True),
)
def test_every_derived_token_is_read_back_as_genuine(
    session_id: UUID, seed: bytes, generation: int, server: list[bytes]
) -> None:
    tokens = DerivedRefreshTokens(SecretKeys(server))
    held = replace(session(session_id), seed=seed, generation=generation)

    readings = tokens.read(tokens.derive(held))

    genuine = [ticket for ticket in readings if tokens.is_genuine(ticket, held)]
    assert [(ticket.session_id, ticket.generation) for ticket in genuine] == [(session_id, generation)]
    assert len(readings) == len(server)


@given(st.one_of(st.text(), st.text(alphabet=ALPHABET, min_size=70, max_size=70).map("bkr_".__add__)))
def test_no_text_makes_reading_fail(text: str) -> None:
    tokens = DerivedRefreshTokens(SecretKeys([NEW]))
    held = session(UUID(int=1), b"\x01" * 32)

    assert not any(tokens.is_genuine(ticket, held) for ticket in tokens.read(text))
