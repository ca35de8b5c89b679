"""A session becomes a pair of tokens."""

from datetime import timedelta

import pytest

from bukhindor.domain.user import Role
from tests.makers import T0, make_session, make_user
from tests.unit.services.scene import Scene

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_the_access_token_says_who_in_which_session_and_nothing_else(scene: Scene) -> None:
    user = make_user(role=Role.GUEST)
    session = make_session(user, generation=7)
    tokens = scene.token_issuer.issue(session, user, T0)
    claims = scene.access_tokens.issued[tokens.access_token]
    assert (claims.user_id, claims.session_id, claims.generation) == (user.id, session.id, 7)
    assert (claims.role, claims.issued_at, claims.expires_at) == (Role.GUEST, T0, T0 + 15 * MINUTE)
    assert tokens.refresh_token == scene.refresh_tokens.derive(session)


def test_issuing_twice_gives_two_access_tokens_beside_the_same_refresh_token(scene: Scene) -> None:
    user = make_user()
    session = make_session(user)
    first, second = (scene.token_issuer.issue(session, user, T0) for _ in range(2))
    assert first.refresh_token == second.refresh_token
    assert first.access_token != second.access_token
    assert len({claims.token_id for claims in scene.access_tokens.issued.values()}) == 2


@pytest.mark.parametrize(
    ("role", "age", "access_seconds", "refresh_life"),
    [
        (Role.USER, timedelta(0), 900, 30 * DAY),
        (Role.USER, 179 * DAY, 900, DAY),
        (Role.USER, 180 * DAY - MINUTE, 60, MINUTE),
        (Role.ADMIN, timedelta(0), 900, DAY),
        (Role.ADMIN, 23 * HOUR, 900, HOUR),
        (Role.ADMIN, DAY - 10 * SECOND, 10, 10 * SECOND),
    ],
)
def test_no_token_outlives_its_session(
    scene: Scene, role: Role, age: timedelta, access_seconds: int, refresh_life: timedelta
) -> None:
    """RT-07: administrators' sessions end after 24 hours."""
    now = T0 + age
    user = make_user(role=role)
    tokens = scene.token_issuer.issue(make_session(user, last_seen_at=now), user, now)
    assert (tokens.expires_in, tokens.refresh_expires_in) == (access_seconds, refresh_life.total_seconds())
    assert scene.access_tokens.issued[tokens.access_token].expires_at == now + access_seconds * SECOND


def test_lives_are_whole_seconds_and_never_promise_too_much(scene: Scene) -> None:
    user = make_user(role=Role.ADMIN)
    now = T0 + DAY - timedelta(seconds=59, milliseconds=1)
    tokens = scene.token_issuer.issue(make_session(user, last_seen_at=now), user, now)
    assert (tokens.expires_in, tokens.refresh_expires_in) == (59, 59)


def test_tokens_are_not_printed(scene: Scene) -> None:
    user = make_user()
    tokens = scene.token_issuer.issue(make_session(user), user, T0)
    assert tokens.access_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)
