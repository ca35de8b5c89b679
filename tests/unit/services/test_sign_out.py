"""Signing out: a token ends its own session, also after a long pause."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidAccessToken, InvalidRefreshToken, StoreUnavailable
from bukhindor.domain.user import Role, UserChanges
from tests.makers import ORIGIN, T0, make_signing_key
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def test_after_logging_out_neither_token_is_good(scene: Scene) -> None:
    """SES-01."""
    user = await scene.add_user()
    tokens, elsewhere = await scene.sign_in(user), await scene.sign_in(user)
    await scene.log_out(await scene.caller_of(tokens))
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(tokens)
    with pytest.raises(InvalidRefreshToken):
        await scene.refresh(tokens)
    assert (await scene.caller_of(elsewhere)).user.id == user.id


async def test_logging_out_twice_is_fine_and_ends_nothing_more(scene: Scene) -> None:
    """SES-01."""
    caller = await scene.add_caller()
    other = await scene.add_session(caller.user)
    for _ in range(2):
        await scene.log_out(caller)
    assert set(scene.store.committed.sessions) == {other.id}


async def test_a_repeated_log_out_is_not_answered_before_the_first_is_on_the_disk(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.log_out(caller)
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.log_out(caller)


async def test_a_session_that_could_not_be_ended_goes_on(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.log_out(caller)
    assert await scene.has_session(caller.session)


async def test_an_expired_access_token_still_signs_out(scene: Scene) -> None:
    """SES-01: the app was not used for days."""
    tokens = await scene.sign_in(await scene.add_user())
    session = (await scene.caller_of(tokens)).session
    scene.clock.advance(20 * DAY)
    owner = await scene.services.sign_out.log_out(tokens.access_token, None, ORIGIN)
    assert owner == session.user_id
    assert not await scene.has_session(session)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    (ended,) = scene.events(AuditType.SESSION_ENDED)
    assert (ended.details["which"], ended.details["ended"]) == ("logout", str(session.id))


async def test_a_refresh_token_signs_out_alone_and_beside_a_stale_access_token(scene: Scene) -> None:
    user = await scene.add_user()
    for access_token in (None, "nonsense"):
        tokens = await scene.sign_in(user)
        assert await scene.services.sign_out.log_out(access_token, tokens.refresh_token, ORIGIN) == user.id
        assert await scene.refused_refresh(tokens) is InvalidRefreshToken
        assert await scene.services.sign_out.log_out(access_token, tokens.refresh_token, ORIGIN) is None
    assert len(scene.events(AuditType.SESSION_ENDED)) == 2


async def test_two_tokens_of_one_session_end_it_once_and_of_two_sessions_both(scene: Scene) -> None:
    user = await scene.add_user()
    first, second = await scene.sign_in(user), await scene.sign_in(user)
    await scene.services.sign_out.log_out(first.access_token, first.refresh_token, ORIGIN)
    assert len(scene.events(AuditType.SESSION_ENDED)) == 1
    third = await scene.sign_in(user)
    await scene.services.sign_out.log_out(second.access_token, third.refresh_token, ORIGIN)
    assert scene.store.committed.sessions == {}


async def test_an_older_refresh_token_ends_its_session_too(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    await scene.refresh(await scene.refresh(tokens))
    await scene.services.sign_out.revoke(tokens.refresh_token, ORIGIN)
    assert scene.store.committed.sessions == {}


@pytest.mark.parametrize("refresh_token", ["", "nonsense", "access.first.1"])
async def test_signing_out_with_what_is_no_token_of_ours_is_refused(scene: Scene, refresh_token: str) -> None:
    caller = await scene.add_caller()
    with pytest.raises(InvalidAccessToken):
        await scene.services.sign_out.log_out("access.unknown.1", None, ORIGIN)
    with pytest.raises(InvalidRefreshToken):
        await scene.services.sign_out.log_out("access.unknown.1", refresh_token, ORIGIN)
    assert await scene.has_session(caller.session)
    assert scene.store.commits == 0


@pytest.mark.parametrize("change", ["password", "role"])
async def test_a_token_from_before_a_change_of_password_or_role_signs_no_session_out(scene: Scene, change: str) -> None:
    """SES-03: it may be in the wrong hands; and the refresh token from before a new password is none any more."""
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    tokens = await scene.sign_in(user)
    caller = await scene.caller_of(tokens)
    if change == "password":
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
        await scene.services.sign_out.revoke(tokens.refresh_token, ORIGIN)
    else:
        await scene.services.user_admin.change(admin, user.id, UserChanges(role=Role.GUEST))
    for age in (timedelta(0), DAY):
        scene.clock.advance(age)
        with pytest.raises(InvalidAccessToken):
            await scene.services.sign_out.log_out(tokens.access_token, None, ORIGIN)
        await scene.services.sign_out.revoke(tokens.access_token, ORIGIN)
    assert await scene.has_session(caller.session)


async def test_a_token_that_does_not_fit_the_session_as_stored_is_refused(scene: Scene) -> None:
    """After an old backup was restored."""
    caller, other = await scene.add_caller(), await scene.add_caller()
    for session, user in ((replace(caller.session, generation=2), caller.user), (caller.session, other.user)):
        token = scene.access_token_of(session, user)
        with pytest.raises(InvalidAccessToken):
            await scene.services.sign_out.log_out(token, None, ORIGIN)
    assert await scene.has_session(caller.session)


async def test_a_session_that_is_over_needs_no_end(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    commits = scene.store.commits
    scene.clock.advance(31 * DAY)
    assert await scene.services.sign_out.log_out(tokens.access_token, tokens.refresh_token, ORIGIN) is None
    assert scene.store.commits == commits


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_the_session_and_both_tokens(scene: Scene, which: str) -> None:
    """RFC 7009 section 2.1."""
    tokens = await scene.sign_in(await scene.add_user())
    scene.clock.advance(DAY)
    await scene.services.sign_out.revoke(getattr(tokens, which), ORIGIN)
    await scene.services.sign_out.revoke(getattr(tokens, which), ORIGIN)
    assert scene.store.committed.sessions == {}
    assert [event.details["which"] for event in scene.events(AuditType.SESSION_ENDED)] == ["revoke"]


@pytest.mark.parametrize("token", ["", "nonsense", "access.unknown.1", "refresh.unknown.1"])
async def test_revoking_an_unknown_token_changes_nothing(scene: Scene, token: str) -> None:
    """RFC 7009 section 2.2."""
    caller = await scene.add_caller()
    await scene.services.sign_out.revoke(token, ORIGIN)
    assert await scene.has_session(caller.session)
    assert scene.store.commits == 0


async def test_an_expired_token_under_a_key_of_another_process_signs_out(scene: Scene) -> None:
    """JWT-15."""
    caller = await scene.add_caller()
    second = make_signing_key("second", created_at=T0 + MINUTE)
    await scene.store.signing_keys.add(second)
    claims = scene.access_tokens.issued[scene.access_token_of(caller.session, caller.user)]
    scene.access_tokens.issued["access.second.1"] = claims
    scene.clock.advance(DAY)
    await scene.services.sign_out.log_out("access.second.1", None, ORIGIN)
    assert not await scene.has_session(caller.session)
