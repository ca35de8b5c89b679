"""An access token becomes a caller, on every signed-in request."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    Forbidden,
    InvalidAccessToken,
    StoreUnavailable,
)
from bukhindor.domain.user import Role, Status, UserChanges
from bukhindor.domain.user_listing import UserQuery
from tests.makers import ORIGIN, T0, make_session, make_user
from tests.unit.services.scene import Scene, told

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def authenticate(scene: Scene, token: str) -> Caller:
    return await scene.services.authentication.authenticate(token, ORIGIN)


async def assert_refused(scene: Scene, token: str) -> None:
    """The token is not good, and looking at it changed nothing."""
    before, commits = scene.snapshot(), scene.store.commits
    with pytest.raises(InvalidAccessToken):
        await authenticate(scene, token)
    assert scene.snapshot() == before
    assert scene.store.commits == commits


async def test_the_caller_is_user_and_session_as_stored(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    assert await authenticate(scene, token) == caller


async def test_an_ordinary_request_writes_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    before = scene.snapshot()
    for _ in range(100):
        scene.clock.advance(SECOND)
        await authenticate(scene, token)
    assert scene.snapshot() == before
    assert scene.store.commits == 0


@pytest.mark.parametrize("token", ["", "nonsense", "access.first.1", "access.unknown.1", "refresh.first.1"])
async def test_what_we_did_not_sign_is_refused(scene: Scene, token: str) -> None:
    await scene.add_caller()
    await assert_refused(scene, token)


async def test_a_token_lives_fifteen_minutes(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    scene.clock.advance(15 * MINUTE - SECOND)
    await authenticate(scene, token)
    scene.clock.advance(SECOND)
    await assert_refused(scene, token)


@pytest.mark.parametrize("what", ["log out", "delete", "ban", "deactivate"])
async def test_an_end_works_on_the_very_next_call(scene: Scene, what: str) -> None:
    """JWT-10, SES-01, SES-04: whatever the token says."""
    admin, caller = await scene.add_caller(Role.ADMIN), await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    await authenticate(scene, token)
    match what:
        case "log out":
            await scene.log_out(caller)
        case "delete":
            await scene.services.user_admin.remove(admin, caller.user.id)
        case "ban":
            await scene.services.user_admin.change(admin, caller.user.id, UserChanges(status=Status.BANNED))
        case "deactivate":
            await scene.services.user_admin.change(admin, caller.user.id, UserChanges(status=Status.INACTIVE))
    await assert_refused(scene, token)


@pytest.mark.parametrize(("before", "after"), [(Role.ADMIN, Role.USER), (Role.USER, Role.ADMIN)])
async def test_the_role_is_the_stores_and_not_the_tokens(scene: Scene, before: Role, after: Role) -> None:
    """JWT-10, AZ-07: the old token is refused on the very next call; the next one of the session has the new right."""
    caller = await scene.add_caller(before)
    token = scene.access_token_of(caller.session, caller.user)
    first = await authenticate(scene, token)
    assert first.is_admin is (before is Role.ADMIN)
    admin = await scene.add_caller(Role.ADMIN)
    await scene.services.user_admin.change(admin, caller.user.id, UserChanges(role=after))
    await assert_refused(scene, token)
    second = await scene.caller_of(await scene.refresh(scene.refresh_tokens.derive(caller.session)))
    assert second.user.role is after
    if after is Role.ADMIN:
        await scene.services.user_listing.page(second, UserQuery())
    else:
        with pytest.raises(Forbidden):
            await scene.services.user_listing.page(second, UserQuery())


@pytest.mark.parametrize(("status", "refusal"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)])
async def test_a_closed_account_is_refused_even_when_a_session_is_left(
    scene: Scene, status: Status, refusal: type[Exception]
) -> None:
    """JWT-10: and being refused is no use of the session; when the time has run out, the token works."""
    user = await scene.add_user(status=status, status_until=T0 + 10 * MINUTE)
    session = await scene.add_session(user, confirmed=False)
    token = scene.access_token_of(session, user)
    with pytest.raises(refusal):
        await authenticate(scene, token)
    assert await scene.session(session.id) == session
    assert scene.store.commits == 0
    scene.clock.advance(10 * MINUTE)
    assert (await authenticate(scene, token)).user == user


async def test_a_session_of_another_user_does_not_fit_the_token(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    await assert_refused(scene, scene.access_token_of(replace(caller.session, user_id=other.user.id), other.user))


async def test_a_generation_that_the_store_has_not_issued_is_refused(scene: Scene) -> None:
    """After an old backup was restored."""
    caller = await scene.add_caller()
    await assert_refused(scene, scene.access_token_of(replace(caller.session, generation=2), caller.user))


async def test_a_session_that_never_was_is_refused(scene: Scene) -> None:
    user = make_user()
    await assert_refused(scene, scene.access_token_of(make_session(user), user))


@pytest.mark.parametrize(("role", "life"), [(Role.USER, 30 * DAY), (Role.GUEST, 30 * DAY), (Role.ADMIN, DAY)])
async def test_a_token_is_not_good_past_the_end_of_its_session(scene: Scene, role: Role, life: timedelta) -> None:
    """RT-07: administrators' sessions end after 24 hours, whatever another service would have signed."""
    caller = await scene.add_caller(role)
    claims = scene.access_tokens.issued[scene.access_token_of(caller.session, caller.user)]
    token = scene.access_tokens.issue(replace(claims, expires_at=T0 + 1000 * DAY))
    scene.clock.advance(life)
    await assert_refused(scene, token)


async def test_who_becomes_an_administrator_has_administrators_sessions(scene: Scene) -> None:
    """AZ-07: a session older than a day ends with the promotion."""
    caller = await scene.add_caller()
    scene.clock.advance(2 * DAY)
    token = scene.access_token_of(caller.session, caller.user)
    await authenticate(scene, token)
    await scene.store.users.save(replace(caller.user, role=Role.ADMIN))
    await assert_refused(scene, token)


async def test_the_first_use_of_a_generation_confirms_it_once(scene: Scene) -> None:
    """RT-03, RT-05: from now on its predecessor is known to be old."""
    user = await scene.add_user()
    session = await scene.add_session(user, generation=2, confirmed=False)
    token = scene.access_token_of(session, user)
    now = scene.clock.advance(MINUTE)
    for _ in range(3):
        await authenticate(scene, token)
    assert await scene.session(session.id) == replace(session, confirmed=True, last_seen_at=now)
    assert scene.store.commits == 1


async def test_an_older_generation_still_signs_in_and_confirms_nothing(scene: Scene) -> None:
    """RT-05: the client that lost a response goes on with the access token it has."""
    user = await scene.add_user()
    session = await scene.add_session(user, generation=2, confirmed=False)
    token = scene.access_token_of(replace(session, generation=1), user)
    await authenticate(scene, token)
    assert await scene.session(session.id) == session
    assert scene.store.commits == 0


async def test_last_seen_moves_every_five_minutes(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    for minute in range(1, 15):
        scene.clock.advance(MINUTE)
        await authenticate(scene, token)
        assert (await scene.session(caller.session.id)).last_seen_at == T0 + minute // 5 * 5 * MINUTE
    assert scene.store.commits == 2


async def test_a_hundred_first_uses_at_once_are_written_once(scene: Scene) -> None:
    user = await scene.add_user()
    session = await scene.add_session(user, generation=2, confirmed=False)
    token = scene.access_token_of(session, user)
    callers = await asyncio.gather(*(authenticate(scene, token) for _ in range(100)))
    assert {caller.session.id for caller in callers} == {session.id}
    assert (await scene.session(session.id)).confirmed
    assert scene.store.commits == 1


async def test_recording_a_use_does_not_bring_an_ended_session_back(scene: Scene) -> None:
    """SES-01: the log-out came between the look and the record."""
    user = await scene.add_user()
    session = await scene.add_session(user, confirmed=False)
    token = scene.access_token_of(session, user)
    caller, _ = await asyncio.gather(authenticate(scene, token), scene.log_out(Caller(user, session, ORIGIN)))
    assert caller == Caller(user, session, ORIGIN)
    assert not await scene.has_session(session)
    assert scene.store.commits == 1


async def test_recording_a_use_does_not_undo_a_refresh(scene: Scene) -> None:
    """RT-04: the session moved on between the look and the record, and that generation is not confirmed by this use."""
    user = await scene.add_user()
    session = await scene.add_session(user, generation=2, confirmed=False)
    token = scene.access_token_of(session, user)
    refresh = scene.refresh(scene.refresh_tokens.derive(session))
    await asyncio.gather(authenticate(scene, token), refresh)
    stored = await scene.session(session.id)
    assert (stored.generation, stored.confirmed) == (3, False)


async def test_reading_goes_on_while_nothing_can_be_written(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The use is recorded by the next request; the log tells of it, and no token."""
    user = await scene.add_user()
    session = await scene.add_session(user, generation=2, confirmed=False)
    token = scene.access_token_of(session, user)
    scene.store.fail_next_commit = True
    with caplog.at_level(logging.WARNING):
        assert (await authenticate(scene, token)).user == user
    assert not (await scene.session(session.id)).confirmed
    assert [record.levelname for record in told(caplog)] == ["WARNING"]
    assert token not in caplog.text
    await authenticate(scene, token)
    assert (await scene.session(session.id)).confirmed


async def test_a_store_that_is_down_says_nothing_about_the_token(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    scene.store.is_down = True
    with pytest.raises(StoreUnavailable):
        await authenticate(scene, token)
