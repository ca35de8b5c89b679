"""Signing in at another provider in a browser: what comes back, to which browser, and how often."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.errors import (
    InvalidAuthorizationCode,
    InvalidWebFlow,
    ProviderNotFound,
    ProviderUnavailable,
    RedirectNotAllowed,
)
from bukhindor.domain.identity import ProviderGrant
from bukhindor.domain.identity_web_flow import (
    CODE_LIFE,
    FLOW_LIFE,
    LONGEST_TOKEN,
    CodeVerifier,
    Destination,
    ProviderAnswer,
)
from bukhindor.domain.user import Name
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.makers import ORIGIN
from tests.unit.services.scene import DEVICE, Scene
from tests.unit.services.web_flow_scenes import APP, BROWSER, OTHER_BROWSER, VERIFIER, Journey, query_of

STATE = {"state": "of-the-app"}


@pytest.fixture
def google(scene: Scene) -> FakeIdentityProvider:
    return scene.google


@pytest.fixture
async def journey(scene: Scene, google: FakeIdentityProvider) -> Journey:
    return await Journey.begin(scene, google)


async def test_a_browser_comes_back_with_a_code_and_the_app_signs_in(scene: Scene, journey: Journey) -> None:
    app = await journey.end(journey.answer(name=Name("Ann of Apple")))
    assert app.keys() == {"code", "state"}
    assert app["state"] == "of-the-app"
    signed_in = await scene.services.identity_sign_in.by_code(app["code"], VERIFIER, DEVICE, ORIGIN)
    assert signed_in.is_new
    (user,) = scene.store.committed.users.values()
    assert user.name == "Ann of Apple"
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant == ProviderGrant("web-client", "refresh-token")


async def test_a_refresh_token_that_is_too_long_for_the_code_stops_no_one(scene: Scene, journey: Journey) -> None:
    answer = journey.answer()
    (code,) = journey.provider.codes
    longest = replace(journey.provider.codes[code], refresh_token="r" * LONGEST_TOKEN + "r")
    journey.provider.codes[code] = longest
    app = await journey.end(answer)
    assert (await scene.services.identity_sign_in.by_code(app["code"], VERIFIER, DEVICE, ORIGIN)).is_new
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant is None


async def test_the_provider_learns_its_own_challenge_and_callback(scene: Scene, journey: Journey) -> None:
    """RFC 9700 section 2.1.1: PKCE towards the provider too; the app's challenge stays here."""
    assert journey.left["redirect_uri"] == "https://api.example.com/callback/google"
    assert journey.left["code_challenge"] != VERIFIER.challenge
    await journey.end(journey.answer())
    (asked,) = journey.provider.redemptions
    assert asked.redirect_uri == "https://api.example.com/callback/google"
    assert asked.code_verifier is not None
    assert CodeVerifier(asked.code_verifier).challenge == journey.left["code_challenge"]


@pytest.mark.parametrize(
    "redirect", ["", "com.example.app:/signed-in/", "com.example.app:/signed-i", "COM.example.app:/signed-in",
                 "com.example.app:/signed-in?", "https://evil.example", "javascript:alert(1)"],
)  # fmt: skip
async def test_a_browser_leaves_only_for_a_listed_address(
    scene: Scene, google: FakeIdentityProvider, redirect: str
) -> None:
    destination = Destination(redirect_uri=redirect, challenge=VERIFIER.challenge)
    with pytest.raises(RedirectNotAllowed):
        await scene.services.identity_web_flow.start("google", destination, BROWSER)
    assert google.asked == 0


async def test_an_unknown_provider_is_none(scene: Scene) -> None:
    flow = scene.services.identity_web_flow
    destination = Destination(redirect_uri=APP, challenge=VERIFIER.challenge)
    with pytest.raises(ProviderNotFound):
        await flow.start("github", destination, BROWSER)
    with pytest.raises(ProviderNotFound):
        await flow.start_on_page("github", "https://api.example.com/account", "", BROWSER)
    with pytest.raises(ProviderNotFound):
        flow.require("github")
    flow.require("google")
    with pytest.raises(ProviderNotFound):
        await flow.complete("github", ProviderAnswer(state=""), BROWSER, ORIGIN)


async def test_a_provider_that_is_away_lets_no_browser_leave(scene: Scene, google: FakeIdentityProvider) -> None:
    google.is_away = True
    with pytest.raises(ProviderUnavailable):
        await Journey.begin(scene, google)


async def test_a_hosted_page_is_no_listed_address_and_comes_back_all_the_same(scene: Scene) -> None:
    page, flow = "https://api.example.com/account/sign-in/identity", scene.services.identity_web_flow
    with pytest.raises(RedirectNotAllowed):
        await flow.start("google", Destination(redirect_uri=page, challenge=VERIFIER.challenge), BROWSER)
    departure = await flow.start_on_page("google", page, "/account", BROWSER)
    assert departure.address.startswith("https://accounts.google.com/")
    journey = Journey(scene, scene.google, query_of(departure.address))
    back = await flow.complete("google", journey.answer(), BROWSER, ORIGIN)
    assert back.startswith(f"{page}?code=")
    assert query_of(back)["state"] == "/account"
    code, sign_in = query_of(back)["code"], scene.services.identity_sign_in
    for browser in (OTHER_BROWSER, None):
        with pytest.raises(InvalidAuthorizationCode):
            await sign_in.on_page(code, browser, DEVICE, ORIGIN)
    assert (await sign_in.on_page(code, BROWSER, DEVICE, ORIGIN)).is_new


@pytest.mark.parametrize("browser", [None, OTHER_BROWSER])
async def test_the_browser_of_another_person_completes_nothing(journey: Journey, browser: str | None) -> None:
    """Login CSRF: an attacker's answer in a victim's browser (RFC 9700 section 4.7)."""
    with pytest.raises(InvalidWebFlow):
        await journey.end(journey.answer(), browser)
    assert journey.provider.codes.keys() == {"a-code"}
    # The browser that began still may.
    assert "code" in await journey.end(journey.answer())


async def test_a_response_counts_once(journey: Journey) -> None:
    answer = journey.answer()
    await journey.end(answer)
    with pytest.raises(InvalidWebFlow):
        await journey.end(journey.answer())


async def test_a_response_comes_within_ten_minutes(scene: Scene, journey: Journey) -> None:
    scene.clock.advance(FLOW_LIFE)
    with pytest.raises(InvalidWebFlow):
        await journey.end(journey.answer())


async def test_a_state_of_no_one_is_refused(journey: Journey) -> None:
    for state in ("", "flow-99", "identity-1"):
        with pytest.raises(InvalidWebFlow):
            await journey.end(journey.answer(state=state))


async def test_another_provider_does_not_answer(scene: Scene, journey: Journey) -> None:
    """Mix-up (RFC 9700 section 4.4): the name of the provider is in the state."""
    with pytest.raises(InvalidWebFlow):
        await journey.end(journey.answer(), provider="apple")
    assert scene.apple.asked == 0


async def test_another_issuer_does_not_answer(journey: Journey) -> None:
    """RFC 9207: the code is not sent anywhere."""
    app = await journey.end(journey.answer(issuer="https://evil.example"))
    assert app == {"error": "invalid_authorization_code"} | STATE
    assert journey.provider.codes.keys() == {"a-code"}


async def test_a_promised_issuer_must_be_named(scene: Scene, google: FakeIdentityProvider) -> None:
    google.names_issuer = True
    without = await Journey.begin(scene, google)
    assert await without.end(without.answer()) == {"error": "invalid_authorization_code"} | STATE
    named = await Journey.begin(scene, google)
    assert "code" in await named.end(named.answer(code="b-code", issuer="https://accounts.google.com"))


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "server_error"}, "provider_refused"),
        ({}, "provider_refused"),
        ({"code": "a-code", "error": "access_denied"}, "access_denied"),
    ],
)
async def test_a_refusal_of_the_provider_reaches_the_app(journey: Journey, parts: dict[str, str], word: str) -> None:
    answer = journey.answer(**{"code": None, **parts})
    assert await journey.end(answer) == {"error": word} | STATE


async def test_a_code_that_the_provider_refuses_reaches_the_app_as_an_error(journey: Journey) -> None:
    answer = replace(journey.answer(), code="another-code")
    assert await journey.end(answer) == {"error": "invalid_authorization_code"} | STATE


async def test_an_id_token_of_another_sign_in_is_refused_and_counted(scene: Scene, journey: Journey) -> None:
    """Injection: its nonce is not that of this state (OpenID Connect Core 1.0 section 3.1.3.7)."""
    app = await journey.end(journey.answer(nonce="of-another-sign-in"))
    assert app == {"error": "invalid_id_token"} | STATE
    (event,) = scene.store.committed.audit_events.values()
    assert (event.type, event.details["provider"]) == ("sign_in.failed", "google")


async def test_a_provider_that_goes_away_meanwhile_is_an_error(scene: Scene, journey: Journey) -> None:
    answer = journey.answer()
    journey.provider.is_away = True
    assert await journey.end(answer) == {"error": "provider_unavailable"} | STATE
    journey.provider.is_away = False
    # The person begins again.
    with pytest.raises(InvalidWebFlow):
        await journey.end(answer)


async def test_an_app_without_a_state_gets_none(scene: Scene, google: FakeIdentityProvider) -> None:
    journey = await Journey.begin(scene, google, app_state="")
    assert (await journey.end(journey.answer())).keys() == {"code"}


async def test_a_code_is_for_its_verifier_its_minute_and_one_use(scene: Scene, journey: Journey) -> None:
    code = (await journey.end(journey.answer()))["code"]
    sign_in = scene.services.identity_sign_in
    for wrong, verifier in ((code, CodeVerifier("w" * 43)), ("identity-9", VERIFIER), ("flow-1", VERIFIER)):
        with pytest.raises(InvalidAuthorizationCode):
            await sign_in.by_code(wrong, verifier, DEVICE, ORIGIN)
    assert scene.store.committed.users == {}
    scene.clock.advance(CODE_LIFE - timedelta(seconds=1))
    await sign_in.by_code(code, VERIFIER, DEVICE, ORIGIN)
    with pytest.raises(InvalidAuthorizationCode):
        await sign_in.by_code(code, VERIFIER, DEVICE, ORIGIN)
    assert len(scene.store.committed.sessions) == 1


async def test_a_code_of_a_minute_ago_is_void(scene: Scene, journey: Journey) -> None:
    code = (await journey.end(journey.answer()))["code"]
    scene.clock.advance(CODE_LIFE)
    with pytest.raises(InvalidAuthorizationCode):
        await scene.services.identity_sign_in.by_code(code, VERIFIER, DEVICE, ORIGIN)
    assert scene.store.committed.users == {}


async def test_each_browser_gets_a_secret_of_its_own_and_keeps_it(scene: Scene) -> None:
    flow = scene.services.identity_web_flow
    first, second = [await flow.start_on_page("google", "https://api.example.com/a", "", None) for _ in range(2)]
    assert first.browser != second.browser
    assert CodeVerifier.parse(first.browser) == first.browser
    again = await flow.start_on_page("google", "https://api.example.com/a", "", first.browser)
    assert again.browser == first.browser
    assert first.browser not in repr(first)
