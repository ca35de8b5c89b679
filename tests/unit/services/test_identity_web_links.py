"""Linking an account at a provider in a browser: for one session, freshly, and for no other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    BukhindorError,
    InvalidAuthorizationCode,
    ProviderNotFound,
    ReauthenticationRequired,
)
from bukhindor.domain.identity_web_flow import CODE_LIFE
from bukhindor.domain.mail import LetterKind
from tests.makers import ORIGIN, address
from tests.unit.services.scene import DEVICE, Scene
from tests.unit.services.web_flow_scenes import BROWSER, Journey, query_of

PAGE = "https://api.example.com/account/identities/connected"


@pytest.fixture
async def caller(scene: Scene) -> Caller:
    return await scene.add_caller(email=address("owner@example.com"), email_verified=True)


async def code_for(scene: Scene, caller: Caller) -> str:
    """What the browser of this session comes back with."""
    away = await scene.services.identities.leave_to_link(caller, "google", PAGE, BROWSER)
    journey = Journey(scene, scene.google, query_of(away.address))
    back = await scene.services.identity_web_flow.complete("google", journey.answer(), BROWSER, ORIGIN)
    assert back.startswith(f"{PAGE}?code=")
    return query_of(back)["code"]


async def refusal(scene: Scene, caller: Caller, code: str, browser: str | None = BROWSER) -> type[BukhindorError]:
    """How a link is refused; it is checked that nothing was written."""
    before = scene.snapshot()
    with pytest.raises(BukhindorError) as refused:
        await scene.services.identities.link_by_code(caller, code, browser)
    assert scene.snapshot() == before
    return refused.type


async def test_a_signed_in_browser_links_an_account_whatever_its_address(scene: Scene, caller: Caller) -> None:
    identity = await scene.services.identities.link_by_code(caller, await code_for(scene, caller), BROWSER)
    assert (identity.user_id, identity.subject) == (caller.user.id, "ann")
    assert scene.mails() == [(LetterKind.IDENTITY_LINKED, "owner@example.com")]
    assert [event.actor_id for event in scene.events(AuditType.IDENTITY_LINKED)] == [caller.user.id]
    assert len(scene.store.committed.users) == 1


async def test_the_code_serves_one_session_only(scene: Scene, caller: Caller) -> None:
    """IDP-11: an attacker's code in a victim's session would let the attacker in later."""
    code = await code_for(scene, caller)
    other_session = replace(caller, session=await scene.add_session(caller.user))
    victim = await scene.add_caller()
    assert await refusal(scene, other_session, code) is InvalidAuthorizationCode
    assert await refusal(scene, victim, code) is InvalidAuthorizationCode
    for browser in ("x" * 43, None):
        assert await refusal(scene, caller, code, browser) is InvalidAuthorizationCode
    await scene.services.identities.link_by_code(caller, code, BROWSER)


async def test_a_code_to_link_starts_no_session(scene: Scene, caller: Caller) -> None:
    code, before = await code_for(scene, caller), scene.snapshot()
    with pytest.raises(InvalidAuthorizationCode):
        await scene.services.identity_sign_in.on_page(code, BROWSER, DEVICE, ORIGIN)
    assert scene.snapshot() == before


async def test_a_code_to_sign_in_links_nothing(scene: Scene, caller: Caller) -> None:
    journey = await Journey.begin(scene, scene.google)
    code = (await journey.end(journey.answer()))["code"]
    assert await refusal(scene, caller, code, "v" * 43) is InvalidAuthorizationCode


async def test_a_code_links_once_and_for_a_minute(scene: Scene, caller: Caller) -> None:
    code = await code_for(scene, caller)
    await scene.services.identities.link_by_code(caller, code, BROWSER)
    assert await refusal(scene, caller, code) is InvalidAuthorizationCode
    late = await code_for(scene, caller)
    scene.clock.advance(CODE_LIFE)
    assert await refusal(scene, caller, late) is InvalidAuthorizationCode


async def test_linking_begins_and_ends_freshly(scene: Scene, caller: Caller) -> None:
    scene.clock.advance(timedelta(minutes=9, seconds=59))
    code = await code_for(scene, caller)
    scene.clock.advance(timedelta(seconds=1))
    assert await refusal(scene, caller, code) is ReauthenticationRequired
    asked = scene.google.asked
    with pytest.raises(ReauthenticationRequired):
        await scene.services.identities.leave_to_link(caller, "google", PAGE, BROWSER)
    assert scene.google.asked == asked


async def test_no_one_links_at_a_provider_that_does_not_exist(scene: Scene, caller: Caller) -> None:
    with pytest.raises(ProviderNotFound):
        await scene.services.identities.leave_to_link(caller, "github", PAGE, BROWSER)
