"""Whether a token is good at this moment, for other services."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.caller import CallingService
from bukhindor.domain.errors import MissingScope
from bukhindor.domain.service_key import Scope
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, Status, UserChanges
from bukhindor.services.introspection import ActiveToken
from tests.makers import make_service_key
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene

DAY = timedelta(days=1)
SERVICE = CallingService(make_service_key("orders", Scope.TOKENS_INTROSPECT))
KINDS = ("access_token", "refresh_token")


async def introspected(scene: Scene, token: str) -> ActiveToken | None:
    return await scene.services.introspection.introspect(SERVICE, token)


async def active(scene: Scene, tokens: TokenPair) -> tuple[bool, bool]:
    """Whether the two tokens are good."""
    first, second = [await introspected(scene, getattr(tokens, kind)) for kind in KINDS]
    return first is not None, second is not None


async def test_both_tokens_of_a_session_are_good_and_tell_whose_they_are(scene: Scene) -> None:
    user = await scene.add_user(role=Role.GUEST)
    tokens = await scene.sign_in(user)
    for kind in KINDS:
        found = await introspected(scene, getattr(tokens, kind))
        assert found is not None
        assert (found.user.id, found.user.role, found.session.user_id) == (user.id, Role.GUEST, user.id)
        assert (found.claims is not None) is (kind == "access_token")
    access = await introspected(scene, tokens.access_token)
    refresh = await introspected(scene, tokens.refresh_token)
    assert access is not None
    assert refresh is not None
    assert access.expires_at == scene.clock.now() + timedelta(minutes=15)
    assert refresh.expires_at == scene.clock.now() + 30 * DAY


@pytest.mark.parametrize("what", ["log out", "delete", "ban", "deactivate", "new password", "new role"])
async def test_an_end_is_seen_at_once(scene: Scene, what: str) -> None:
    """JWT-10, SES-01: whatever the token says; after a new role the refresh token goes on."""
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    tokens = await scene.sign_in(user)
    caller = await scene.caller_of(tokens)
    assert await active(scene, tokens) == (True, True)
    changes = {
        "ban": UserChanges(status=Status.BANNED),
        "deactivate": UserChanges(status=Status.INACTIVE),
        "new role": UserChanges(role=Role.GUEST),
    }
    if what == "log out":
        await scene.log_out(caller)
    elif what == "delete":
        await scene.services.user_admin.remove(admin, user.id)
    elif what == "new password":
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    else:
        await scene.services.user_admin.change(admin, user.id, changes[what])
    assert await active(scene, tokens) == (False, what == "new role")


async def test_a_banned_account_whose_session_is_left_has_no_good_token(scene: Scene) -> None:
    user = await scene.add_user()
    tokens = await scene.sign_in(user)
    await scene.store.users.save(replace(user, status=Status.BANNED))
    assert await active(scene, tokens) == (False, False)


async def test_tokens_end_with_their_time(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    scene.clock.advance(timedelta(minutes=15))
    assert await active(scene, tokens) == (False, True)
    scene.clock.advance(30 * DAY)
    assert await active(scene, tokens) == (False, False)


async def test_a_used_up_refresh_token_is_not_good_and_asking_ends_no_session(scene: Scene) -> None:
    """RT-04: only the client that presents it is a thief."""
    first = await scene.sign_in(await scene.add_user())
    second = await scene.refresh(first)
    third = await scene.refresh(second)
    scene.clock.advance(timedelta(minutes=1))
    assert await introspected(scene, first.refresh_token) is None
    assert await active(scene, third) == (True, True)
    assert len(scene.store.committed.sessions) == 1


async def test_a_token_that_a_service_was_sent_has_arrived(scene: Scene) -> None:
    tokens = await scene.refresh(await scene.sign_in(await scene.add_user()))
    (session,) = scene.store.committed.sessions.values()
    assert not session.confirmed
    await introspected(scene, tokens.access_token)
    (session,) = scene.store.committed.sessions.values()
    assert session.confirmed


@pytest.mark.parametrize("token", ["", "nonsense", "access.unknown.1", "refresh.unknown.1", "é"])
async def test_what_is_no_token_of_ours_is_not_good(scene: Scene, token: str) -> None:
    assert await introspected(scene, token) is None


async def test_a_refresh_token_of_another_seed_is_not_good(scene: Scene) -> None:
    caller = await scene.add_caller()
    forged = scene.refresh_tokens.derive(replace(caller.session, seed=b"x" * 32))
    assert await introspected(scene, forged) is None


async def test_a_key_for_something_else_learns_nothing(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    others = [scope for scope in Scope if scope is not Scope.TOKENS_INTROSPECT]
    with pytest.raises(MissingScope):
        await scene.services.introspection.introspect(
            CallingService(make_service_key("orders", *others)), tokens.access_token
        )
