"""What the tokens say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.tokens import AccessClaims, RefreshTicket, TokenPair
from bukhindor.domain.user import Role, User
from tests.makers import T0, make_session, make_user

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
USER = make_user("ann@example.com")
ADMIN = replace(USER, role=Role.ADMIN)
SESSION = make_session(USER)


def test_claims_speak_of_the_newest_generation_and_hold_nothing_personal() -> None:
    now = T0 + MINUTE
    session = replace(SESSION, generation=7)
    claims = AccessClaims.of(session, ADMIN, "token-1", now, SessionPolicy())
    assert claims == AccessClaims(
        USER.id,
        SESSION.id,
        7,
        Role.ADMIN,
        "token-1",
        issued_at=now,
        expires_at=now + 15 * MINUTE,
        authenticated_at=T0,
        methods=(Method.PASSWORD,),
    )
    assert claims.level is Level.AAL1
    assert "ann" not in repr(claims).lower()


@pytest.mark.parametrize(
    ("user", "age", "life"),
    [
        (USER, timedelta(0), 15 * MINUTE),
        (ADMIN, timedelta(0), 15 * MINUTE),
        (ADMIN, DAY - 15 * MINUTE, 15 * MINUTE),
        (ADMIN, DAY - 14 * MINUTE, 14 * MINUTE),
        (USER, DAY - 14 * MINUTE, 15 * MINUTE),
        (USER, 180 * DAY - MINUTE, MINUTE),
    ],
)
def test_an_access_token_never_outlives_its_session(user: User, age: timedelta, life: timedelta) -> None:
    """RT-07."""
    session = replace(SESSION, last_seen_at=T0 + age)
    claims = AccessClaims.of(session, user, "token-1", T0 + age, SessionPolicy())
    assert claims.expires_at - claims.issued_at == life


def test_the_life_of_an_access_token_is_the_policys() -> None:
    claims = AccessClaims.of(SESSION, USER, "token-1", T0, SessionPolicy(access_token=MINUTE))
    assert claims.expires_at == T0 + MINUTE


def test_tokens_and_proofs_are_not_printed() -> None:
    """LOG-01."""
    pair = TokenPair("access-secret", "refresh-secret", 900, 2_592_000, "device-secret")
    ticket = RefreshTicket(SESSION.id, 1, b"proof-secret")
    assert "secret" not in f"{pair} {pair!r} {ticket} {ticket!r}"
    assert "expires_in=900" in repr(pair)
