"""A refresh token becomes the next pair of tokens."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bukhindor.domain.errors import (
    InvalidAccessToken,
    InvalidRefreshToken,
    RefreshTokenReused,
    StoreUnavailable,
)
from bukhindor.domain.tokens import RefreshTicket
from bukhindor.domain.user import User
from tests.fakes.refresh_tokens import FakeRefreshTokens
from tests.makers import ORIGIN, T0, make_session
from tests.unit.services.scene import Scene

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def generations(scene: Scene, user: User) -> list[int]:
    return [session.generation for session in await scene.store.sessions.of_user(user.id)]


async def test_a_refresh_gives_two_new_tokens_of_the_next_generation(scene: Scene) -> None:
    """RT-01."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    now = scene.clock.advance(HOUR)
    new = await scene.refresh(old)
    assert new.refresh_token != old.refresh_token
    assert new.access_token != old.access_token
    (session,) = await scene.store.sessions.of_user(user.id)
    assert (session.generation, session.confirmed) == (2, False)
    assert (session.rotated_at, session.last_seen_at, session.created_at) == (now, now, T0)
    assert scene.access_tokens.issued[new.access_token].generation == 2
    assert (new.expires_in, new.refresh_expires_in) == (900, 30 * DAY.total_seconds())
    assert (await scene.caller_of(new)).user.id == user.id


async def test_refresh_tokens_are_stored_nowhere(scene: Scene) -> None:
    """RT-02: what the store holds is a seed; a copy of it derives nothing without the server's secret."""
    user = await scene.add_user()
    tokens = await scene.refresh(await scene.sign_in(user))
    assert tokens.refresh_token not in repr(scene.snapshot())
    assert tokens.access_token not in repr(scene.snapshot())


async def test_a_lost_response_is_given_again_a_day_later(scene: Scene) -> None:
    """RT-05: the same child, as long as it was never used; nothing advances."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    lost = await scene.refresh(old)
    again, before = lost, scene.snapshot()
    for later in (SECOND, HOUR, DAY):
        scene.clock.advance(later)
        again = await scene.refresh(old)
        assert again.refresh_token == lost.refresh_token
        assert again.access_token not in (lost.access_token, old.access_token)
        assert scene.snapshot() == before
    assert (await scene.caller_of(again)).user.id == user.id
    assert await generations(scene, user) == [2]


async def test_a_lost_response_found_again_works_too(scene: Scene) -> None:
    """RT-05: both copies of one child are the same token."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    lost = await scene.refresh(old)
    again = await scene.refresh(old)
    assert (await scene.caller_of(lost)).session.id == (await scene.caller_of(again)).session.id


async def test_a_repeated_answer_waits_until_its_generation_is_on_the_disk(scene: Scene) -> None:
    """RT-04: another request has advanced the session, and may yet fail to commit that."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    await scene.refresh(old)
    scene.store.fail_next_commit = True
    assert await scene.refused_refresh(old) is StoreUnavailable


async def test_a_stolen_token_ends_its_session_and_no_other(scene: Scene) -> None:
    """RT-03: the oldest token after its successor was used; the thief's and the owner's tokens die alike."""
    user = await scene.add_user()
    elsewhere, stranger = await scene.sign_in(user), await scene.add_caller()
    first = await scene.sign_in(user)
    second = await scene.refresh(first)
    await scene.caller_of(second)
    third = await scene.refresh(second)
    scene.clock.advance(31 * SECOND)
    assert await scene.refused_refresh(first) is RefreshTokenReused
    for tokens in (first, second, third):
        assert await scene.refused_refresh(tokens) is InvalidRefreshToken
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
    assert (await scene.caller_of(elsewhere)).user.id == user.id
    assert (await scene.refresh(elsewhere)).refresh_token != elsewhere.refresh_token
    assert await scene.has_session(stranger.session)


@pytest.mark.parametrize("generations_ago", [2, 3, 10])
async def test_a_token_older_than_the_last_two_is_stolen_at_once(scene: Scene, generations_ago: int) -> None:
    """RT-03: no grace for these, used or not."""
    user = await scene.add_user()
    first = tokens = await scene.sign_in(user)
    for _ in range(generations_ago):
        tokens = await scene.refresh(tokens)
    assert await scene.refused_refresh(first) is RefreshTokenReused
    assert await scene.store.sessions.of_user(user.id) == []


@pytest.mark.parametrize(("later", "is_replayed"), [(9 * SECOND, True), (30 * SECOND, True), (31 * SECOND, False)])
async def test_two_tabs_have_thirty_seconds(scene: Scene, later: timedelta, *, is_replayed: bool) -> None:
    """RT-06: the child has been used by one tab, and the other one comes with the parent."""
    user = await scene.add_user()
    parent = await scene.sign_in(user)
    child = await scene.refresh(parent)
    await scene.caller_of(child)
    scene.clock.advance(later)
    if is_replayed:
        assert (await scene.refresh(parent)).refresh_token == child.refresh_token
        assert await generations(scene, user) == [2]
    else:
        assert await scene.refused_refresh(parent) is RefreshTokenReused
        assert await generations(scene, user) == []


async def test_using_the_parents_access_token_confirms_nothing(scene: Scene) -> None:
    """RT-05: the response was lost, and the client goes on with what it has."""
    user = await scene.add_user()
    parent = await scene.sign_in(user)
    lost = await scene.refresh(parent)
    scene.clock.advance(10 * MINUTE)
    await scene.caller_of(parent)
    assert (await scene.refresh(parent)).refresh_token == lost.refresh_token


@pytest.mark.parametrize("count", [20, 100])
async def test_parallel_refreshes_leave_one_live_generation(scene: Scene, count: int) -> None:
    """RT-04: all of them get the same child."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    answers = await asyncio.gather(*(scene.refresh(old) for _ in range(count)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert len({answer.access_token for answer in answers}) == count
    assert await generations(scene, user) == [2]


async def test_parallel_thefts_end_the_session_once(scene: Scene) -> None:
    """RT-03: the first gets the reason, the others that the session does not exist."""
    user = await scene.add_user()
    first = await scene.sign_in(user)
    await scene.refresh(await scene.refresh(first))
    commits = scene.store.commits
    answers = await asyncio.gather(*(scene.refresh(first) for _ in range(10)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RefreshTokenReused, *[InvalidRefreshToken] * 9]
    assert scene.store.commits == commits + 1


async def test_a_theft_that_could_not_be_recorded_is_found_again(scene: Scene) -> None:
    """RT-03: the token is refused either way."""
    user = await scene.add_user()
    first = await scene.sign_in(user)
    await scene.refresh(await scene.refresh(first))
    scene.store.fail_next_commit = True
    assert await scene.refused_refresh(first) is StoreUnavailable
    assert await generations(scene, user) == [3]
    assert await scene.refused_refresh(first) is RefreshTokenReused
    assert await generations(scene, user) == []


@pytest.mark.parametrize("token", ["", "nonsense", "refresh.x.1.00", "access.first.1", "refresh"])
async def test_what_has_not_our_form_never_reaches_the_store(scene: Scene, token: str) -> None:
    scene.store.is_down = True
    assert await scene.refused_refresh(token) is InvalidRefreshToken


async def test_an_access_token_is_no_refresh_token(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    assert await scene.refused_refresh(tokens.access_token) is InvalidRefreshToken


async def test_a_token_that_we_did_not_derive_changes_nothing(scene: Scene) -> None:
    """RT-03: a guess must not end any session."""
    user = await scene.add_user()
    session = await scene.add_session(user, generation=5)
    before = scene.snapshot()
    for forged in (
        replace(session, seed=b"guess" * 6),
        replace(session, seed=b"guess" * 6, generation=1),
        make_session(user),
    ):
        assert await scene.refused_refresh(scene.refresh_tokens.derive(forged)) is InvalidRefreshToken
    assert scene.snapshot() == before
    assert scene.store.commits == 0


class RefreshTokensOfTwoSecrets(FakeRefreshTokens):
    """Under the newest secret every token reads as something else; the one before gives the right reading."""

    def read(self, token: str) -> list[RefreshTicket]:
        tickets = list(super().read(token))
        return [replace(ticket, session_id=UUID(int=1)) for ticket in tickets] + tickets


async def test_each_reading_of_a_token_is_tried(scene: Scene) -> None:
    """JWT-15: a token made before the secret was changed goes on."""
    tokens = await scene.sign_in(await scene.add_user())
    two_secrets = RefreshTokensOfTwoSecrets()
    service = replace(scene.services.token_refresh, refresh_tokens=two_secrets)
    assert (await service.refresh(tokens.refresh_token, ORIGIN)).refresh_token != tokens.refresh_token


async def test_a_generation_that_was_never_issued_is_no_theft(scene: Scene) -> None:
    """After an old backup was restored: the client signs in again, and the session is not ended."""
    session = await scene.add_session(await scene.add_user())
    token = scene.refresh_tokens.derive(replace(session, generation=2))
    assert await scene.refused_refresh(token) is InvalidRefreshToken
    assert await scene.has_session(session)
    assert scene.store.commits == 0


async def test_a_generation_that_was_not_stored_is_not_answered(scene: Scene) -> None:
    user = await scene.add_user()
    old = await scene.sign_in(user)
    scene.store.fail_next_commit = True
    assert await scene.refused_refresh(old) is StoreUnavailable
    assert await generations(scene, user) == [1]
    assert (await scene.refresh(old)).refresh_token != old.refresh_token
