"""A person's own sessions: see them, end them."""

from datetime import timedelta
from uuid import UUID

import pytest

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.errors import SessionNotFound
from bukhindor.domain.user import Role
from tests.makers import T0
from tests.unit.services.scene import Scene

MINUTE = timedelta(minutes=1)


async def test_the_list_shows_ones_own_sessions_the_newest_first(scene: Scene) -> None:
    """SES-02."""
    caller = await scene.add_caller()
    await scene.add_caller()
    phone = Device("phone-1", AppType.IOS, "1.2", "192.0.2.7", "Bukhindor/1.2 (iPhone)")
    newer = await scene.add_session(caller.user, created_at=T0 + MINUTE, device=phone)
    listed = await scene.services.sessions.list(caller)
    assert listed == [newer, caller.session]
    assert listed[0].device == phone
    assert scene.store.commits == 0


async def test_ending_one_session_leaves_the_others(scene: Scene) -> None:
    """SES-02."""
    caller = await scene.add_caller()
    other, third = await scene.add_session(caller.user), await scene.add_session(caller.user)
    await scene.services.sessions.end(caller, other.id)
    assert set(scene.store.committed.sessions) == {caller.session.id, third.id}


async def test_people_may_end_the_session_that_asks(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.services.sessions.end(caller, caller.session.id)
    assert not await scene.has_session(caller.session)


@pytest.mark.parametrize("role", Role)
async def test_anothers_session_looks_like_none_and_goes_on(scene: Scene, role: Role) -> None:
    """AZ-02, SES-02: for administrators too, this is about their own sessions."""
    caller, stranger = await scene.add_caller(role), await scene.add_caller()
    for unknown in (stranger.session.id, UUID(int=4711)):
        with pytest.raises(SessionNotFound):
            await scene.services.sessions.end(caller, unknown)
    assert await scene.has_session(stranger.session)
    assert scene.store.commits == 0


@pytest.mark.parametrize("keep_current", [False, True])
async def test_logging_out_everywhere_ends_all_or_all_others_of_this_user_only(
    scene: Scene, *, keep_current: bool
) -> None:
    caller, stranger = await scene.add_caller(), await scene.add_caller()
    for _ in range(3):
        await scene.add_session(caller.user)
    ended = await scene.services.sessions.log_out_everywhere(caller, keep_current=keep_current)
    assert ended == (3 if keep_current else 4)
    left = {stranger.session.id, caller.session.id} if keep_current else {stranger.session.id}
    assert set(scene.store.committed.sessions) == left


async def test_who_logged_out_everywhere_signs_in_again(scene: Scene) -> None:
    user = await scene.add_user()
    caller = await scene.caller_of(await scene.sign_in(user))
    assert await scene.services.sessions.log_out_everywhere(caller, keep_current=False) == 1
    assert await scene.services.sessions.log_out_everywhere(caller, keep_current=False) == 0
    tokens = await scene.login(user.email)
    assert isinstance(await scene.caller_of(tokens), Caller)
