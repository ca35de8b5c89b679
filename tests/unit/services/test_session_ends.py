"""When no refresh token helps any more: the session is over, or its owner may not go on."""

from datetime import timedelta

import pytest

from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    BukhindorError,
    InvalidRefreshToken,
)
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0
from tests.unit.services.scene import Scene

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_a_session_that_was_not_used_for_thirty_days_is_over(scene: Scene, role: Role) -> None:
    """RT-07."""
    tokens = await scene.sign_in(await scene.add_user(role=role))
    scene.clock.advance(30 * DAY - SECOND)
    tokens = await scene.refresh(tokens)
    scene.clock.advance(30 * DAY)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken


@pytest.mark.parametrize(("role", "step", "steps"), [(Role.USER, DAY, 180), (Role.ADMIN, HOUR, 24)])
async def test_refreshing_again_and_again_does_not_outlive_the_absolute_end(
    scene: Scene, role: Role, step: timedelta, steps: int
) -> None:
    """RT-07: 180 days, for administrators 24 hours; the last tokens live no longer than their session."""
    tokens = await scene.sign_in(await scene.add_user(role=role))
    for left in range(steps - 1, 0, -1):
        scene.clock.advance(step)
        scene.limiter.let_time_pass()
        tokens = await scene.refresh(tokens)
        assert tokens.refresh_expires_in <= left * step.total_seconds()
    scene.clock.advance(step)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken


async def test_a_stolen_token_of_a_session_that_is_over_is_only_invalid(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    await scene.refresh(await scene.refresh(tokens))
    scene.clock.advance(30 * DAY)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken


@pytest.mark.parametrize(
    "changes", [UserChanges(status=Status.BANNED), UserChanges(status=Status.INACTIVE), None], ids=str
)
async def test_after_a_ban_a_deactivation_or_a_deletion_there_are_no_new_tokens(
    scene: Scene, changes: UserChanges | None
) -> None:
    """RT-08: the sessions are gone."""
    user = await scene.add_user()
    tokens = await scene.sign_in(user)
    admin = await scene.add_caller(Role.ADMIN)
    if changes is None:
        await scene.services.user_admin.remove(admin, user.id)
    else:
        await scene.services.user_admin.change(admin, user.id, changes)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken


@pytest.mark.parametrize(("status", "refusal"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)])
async def test_the_status_is_looked_at_even_when_a_session_is_left(
    scene: Scene, status: Status, refusal: type[BukhindorError]
) -> None:
    """RT-08: and the session is as it was, for the day the account is open again."""
    user = await scene.add_user(status=status, status_until=T0 + DAY)
    session = await scene.add_session(user)
    token = scene.refresh_tokens.derive(session)
    assert await scene.refused_refresh(token) is refusal
    assert await scene.session(session.id) == session
    scene.clock.advance(DAY)
    await scene.caller_of(await scene.refresh(token))


@pytest.mark.parametrize(("before", "after"), [(Role.ADMIN, Role.USER), (Role.USER, Role.ADMIN)])
async def test_the_next_tokens_carry_the_role_of_today(scene: Scene, before: Role, after: Role) -> None:
    """RT-08, AZ-07: both directions, and the life of the session follows."""
    user = await scene.add_user(role=before)
    tokens = await scene.sign_in(user)
    await scene.services.user_admin.change(await scene.add_caller(Role.ADMIN), user.id, UserChanges(role=after))
    tokens = await scene.refresh(tokens)
    assert scene.access_tokens.issued[tokens.access_token].role is after
    scene.clock.advance(DAY)
    if after is Role.ADMIN:
        assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    else:
        await scene.refresh(tokens)
