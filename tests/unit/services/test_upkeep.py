"""What happens without anybody asking."""

from datetime import timedelta

import pytest

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.user import Role
from tests.makers import T0
from tests.unit.services.scene import Scene

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_sessions_that_are_over_are_removed_and_the_others_go_on(scene: Scene) -> None:
    """SES-08, RT-07: unused for 30 days, older than 180 days, an administrator's older than 24 hours."""
    user = await scene.add_user()
    admin = await scene.add_user(role=Role.ADMIN)
    over = [
        await scene.add_session(user, created_at=T0 - 30 * DAY),
        await scene.add_session(user, created_at=T0 - 180 * DAY, last_seen_at=T0),
        await scene.add_session(admin, created_at=T0 - DAY, last_seen_at=T0),
    ]
    alive = [
        await scene.add_session(user, created_at=T0 - 30 * DAY + HOUR),
        await scene.add_session(user, created_at=T0 - 180 * DAY + HOUR, last_seen_at=T0),
        await scene.add_session(admin, created_at=T0 - DAY + HOUR),
    ]
    assert await scene.services.upkeep.end_sessions_that_are_over() == len(over)
    assert set(scene.store.committed.sessions) == {session.id for session in alive}
    assert set(scene.store.committed.users) == {user.id, admin.id}


async def test_a_second_turn_finds_nothing_to_end(scene: Scene) -> None:
    await scene.add_session(await scene.add_user(), created_at=T0 - 31 * DAY)
    assert await scene.services.upkeep.end_sessions_that_are_over() == 1
    assert await scene.services.upkeep.end_sessions_that_are_over() == 0


async def test_nothing_ends_while_the_store_fails(scene: Scene) -> None:
    session = await scene.add_session(await scene.add_user(), created_at=T0 - 31 * DAY)
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.upkeep.end_sessions_that_are_over()
    assert await scene.has_session(session)
