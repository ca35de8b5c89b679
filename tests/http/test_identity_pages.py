"""The hosted pages: "Continue with …" signs a browser in, and a signed-in one links accounts and unlinks them."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from bukhindor.ports.identity_provider import Redeemed
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.http.conftest import StartService
from tests.http.service import API, PASSWORD, Service
from tests.http.test_own_pages import Tab
from tests.http.web_flow_scenes import path_of, query_of, start_with_providers
from tests.makers import address, make_claims

START = "/account/sign-in/with/google"
PAGE = "/account/identities"
FROM_OUTSIDE = {"sec_fetch_site": "cross-site"}
AWAY = re.compile(r'content="0; url=([^"]+)"')


@pytest.fixture
async def service(start_service: StartService) -> Service:
    service, _ = await start_with_providers(start_service)
    return service


@pytest.fixture
def provider(service: Service) -> FakeIdentityProvider:
    found = service.application.services.identity_web_flow.proof.providers["google"]
    assert isinstance(found, FakeIdentityProvider)
    return found


def answer_to(provider: FakeIdentityProvider, away: str, **claims: object) -> str:
    """The address of ours that the provider sends a browser back to; Ann has signed in there."""
    left = query_of(away)
    code = f"code-{len(provider.tokens)}"
    provider.codes[code] = Redeemed(provider.issue(make_claims(**claims), left["nonce"]))
    return f"{API}{path_of('google', 'callback')}?{urlencode({'state': left['state'], 'code': code})}"


async def continue_with(tab: Tab, provider: FakeIdentityProvider, following: str = "", **claims: object) -> str:
    """Go through the provider, and return the page of ours that the browser ends on, before it is opened."""
    left = await tab.get(f"{START}?{urlencode({'next': following})}")
    assert left.status_code == 303, left.text
    back = await tab.get(answer_to(provider, left.headers["location"], **claims), **FROM_OUTSIDE)
    assert back.status_code == 302
    assert back.headers["location"].startswith("http://localhost:8080/account/sign-in/identity?")
    return str(back.headers["location"].removeprefix("http://localhost:8080"))


async def connect(tab: Tab, provider: FakeIdentityProvider, **claims: object) -> str:
    """Leave the page of linked accounts, and return the page that the browser comes back to."""
    leaving = await tab.submit(f"{PAGE}/connect", PAGE, provider="google")
    assert leaving.status_code == 200, leaving.text
    found = AWAY.search(leaving.text)
    assert found is not None
    back = await tab.get(answer_to(provider, found[1].replace("&amp;", "&"), **claims), **FROM_OUTSIDE)
    return str(back.headers["location"].removeprefix("http://localhost:8080"))


async def test_each_provider_has_a_button_in_both_languages(service: Service) -> None:
    english, russian = (
        await Tab(service).get("/account/sign-in"),
        await Tab(service).get("/account/sign-in?next=/account/sessions", accept_language="ru"),
    )
    for label in ("Google", "Apple"):
        assert f"Continue with {label}</a>" in english.text
        assert f"Продолжить с {label}</a>" in russian.text
    assert f'href="{START}?next=/account/sessions"' in russian.text


async def test_without_providers_no_page_mentions_them(start_service: StartService) -> None:
    service = await start_service()
    tab = Tab(service)
    assert "Continue with" not in (await tab.get("/account/sign-in")).text
    await tab.sign_in(service.people.user.email)
    assert PAGE not in (await tab.get("/account")).text


async def test_a_person_continues_with_a_provider(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    end = await continue_with(tab, provider, "/account/sessions")
    assert "access_token" not in tab.cookies
    signed_in = await tab.get(end, **FROM_OUTSIDE)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/account/sessions")
    assert {"access_token", "refresh_token", "device_proof"} <= set(tab.cookies)
    assert "ann@example.com" in (await tab.get("/account")).text
    assert [each["name"] for each in await service.users()].count("Ann Example") == 1


async def test_the_sign_in_leads_to_pages_of_ours_only(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    end = await continue_with(tab, provider, "https://evil.example")
    assert "evil" not in end
    forged = end.replace("state=%2Faccount", "state=https%3A%2F%2Fevil.example")
    assert (await tab.get(forged)).headers["location"] == "/account"


async def test_a_link_of_another_browser_signs_no_one_in(service: Service, provider: FakeIdentityProvider) -> None:
    """IDP-09, login CSRF: the attacker sends the end of a sign-in of their own."""
    end = await continue_with(Tab(service), provider)
    victim = Tab(service)
    for _ in range(2):
        refused = await victim.get(end, **FROM_OUTSIDE)
        assert refused.status_code == 401
        assert "access_token" not in victim.cookies
        await victim.get(START)


async def test_a_sign_in_ends_once(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    end = await continue_with(tab, provider)
    assert (await tab.get(end)).status_code == 303
    again = await tab.get(end)
    assert again.status_code == 401
    assert "The code is not valid here" in again.text


async def test_a_second_factor_follows(service: Service, provider: FakeIdentityProvider) -> None:
    first, tab = Tab(service), Tab(service)
    await first.get(await continue_with(first, provider))
    await service.change("UPDATE users SET has_factor = ? WHERE email = ?", True, "ann@example.com")
    asked = await tab.get(await continue_with(tab, provider, "/account/sessions"))
    assert asked.status_code == 200
    assert "access_token" not in tab.cookies
    assert 'name="mfa_token"' in asked.text
    assert 'name="next" value="/account/sessions"' in asked.text


@pytest.mark.parametrize(
    ("word", "english", "russian"),
    [
        ("access_denied", "You did not complete the sign-in there.", "Вы не завершили вход там."),
        ("invalid_web_flow", "Begin again.", "Начните снова."),
        ("provider_unavailable", "The provider is not available.", "Провайдер сейчас недоступен."),
        ("<script>", "The sign-in there did not work.", "Войти там не получилось."),
    ],
)
async def test_a_person_reads_why_there_is_no_code(service: Service, word: str, english: str, russian: str) -> None:
    path = f"/account/sign-in/identity?{urlencode({'error': word, 'state': '/account/sessions'})}"
    for language, sentence in (("en", english), ("ru", russian)):
        shown = await Tab(service).get(path, accept_language=language)
        assert (shown.status_code, sentence in shown.text) == (400, True)
        assert "<script>" not in shown.text
        assert 'name="next" value="/account/sessions"' in shown.text


async def test_a_provider_that_is_away_or_unknown_shows_the_other_ways_in(
    service: Service, provider: FakeIdentityProvider
) -> None:
    provider.is_away = True
    away = await Tab(service).get(START)
    assert (away.status_code, 'name="password"' in away.text) == (503, True)
    unknown = await Tab(service).get("/account/sign-in/with/github")
    assert (unknown.status_code, 'name="password"' in unknown.text) == (404, True)


async def test_a_person_links_an_account_and_unlinks_it(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    assert "No account is linked yet." in (await tab.get(PAGE)).text
    end = await connect(tab, provider)
    assert end.startswith(f"{PAGE}/connected?code=")
    linked = await tab.get(end, **FROM_OUTSIDE)
    assert (linked.status_code, linked.headers["location"]) == (303, PAGE)
    shown = (await tab.get(PAGE)).text
    assert "ann@example.com" in shown
    assert any("Google" in mail["text"] for mail in await service.mails(service.people.user.email))
    # From then on it signs in to this account, whatever its address.
    other = Tab(service)
    await other.get(await continue_with(other, provider))
    assert service.people.user.email in (await other.get("/account")).text

    (identity,) = re.findall(r'name="identity" value="([\w-]+)"', shown)
    gone = await tab.submit(f"{PAGE}/disconnect", PAGE, identity=identity)
    assert (gone.status_code, gone.headers["location"]) == (303, PAGE)
    assert "No account is linked yet." in (await tab.get(PAGE)).text
    wrong = await tab.submit(f"{PAGE}/disconnect", PAGE, identity=identity)
    assert (wrong.status_code, "This linked account does not exist." in wrong.text) == (404, True)
    assert (await tab.submit(f"{PAGE}/disconnect", PAGE, identity="x")).status_code == 404


async def test_the_last_way_in_stays(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    await tab.get(await continue_with(tab, provider))
    (identity,) = re.findall(r'name="identity" value="([\w-]+)"', (await tab.get(PAGE)).text)
    kept = await tab.submit(f"{PAGE}/disconnect", PAGE, identity=identity)
    assert (kept.status_code, "This is the last way to sign in" in kept.text) == (409, True)
    assert "ann@example.com" in (await tab.get(PAGE)).text


async def test_linking_begins_with_a_form_of_ours_and_a_fresh_sign_in(
    service: Service, provider: FakeIdentityProvider
) -> None:
    """IDP-11"""
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    assert (await tab.ask("POST", f"{PAGE}/connect", {"provider": "google"})).status_code == 403
    assert (await tab.submit(f"{PAGE}/connect", PAGE, provider="github")).status_code == 404
    service.clock.advance(timedelta(minutes=10))
    stale = await tab.submit(f"{PAGE}/connect", PAGE, provider="google")
    assert stale.headers["location"] == "/account/sign-in?next=%2Faccount%2Fidentities"
    assert provider.asked == 0


async def test_the_end_of_anothers_link_links_nothing(service: Service, provider: FakeIdentityProvider) -> None:
    """IDP-11: the attacker's account at the provider must not sign in to the victim's account here."""
    attacker, victim = Tab(service), Tab(service)
    await attacker.sign_in(service.people.other.email)
    await victim.sign_in(service.people.user.email)
    end = await connect(attacker, provider)
    victim.cookies["identity_flow"] = attacker.cookies["identity_flow"]
    refused = await victim.get(end, **FROM_OUTSIDE)
    assert (refused.status_code, service.sql("SELECT count(*) FROM identities")) == (401, [(0,)])
    # It does not sign the victim in, either.
    ended = end.replace(f"{PAGE}/connected", "/account/sign-in/identity")
    assert (await Tab(service).get(ended)).status_code == 401


async def test_the_account_of_another_person_is_not_taken(service: Service, provider: FakeIdentityProvider) -> None:
    first = Tab(service)
    await first.get(await continue_with(first, provider))
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    taken = await tab.get(await connect(tab, provider))
    assert (taken.status_code, "belongs to another account here" in taken.text) == (409, True)
    declined = await tab.get(f"{PAGE}/connected?error=access_denied")
    assert (declined.status_code, "You did not complete the sign-in there." in declined.text) == (400, True)


async def test_a_browser_that_comes_back_late_opens_the_page_again(
    service: Service, provider: FakeIdentityProvider
) -> None:
    """The access token has expired meanwhile, and the refresh token does not travel with a link of another site."""
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    service.clock.advance(timedelta(minutes=8))
    leaving = await tab.submit(f"{PAGE}/connect", PAGE, provider="google")
    found = AWAY.search(leaving.text)
    assert found is not None
    service.clock.advance(timedelta(minutes=8))
    back = await tab.get(answer_to(provider, found[1].replace("&amp;", "&")), **FROM_OUTSIDE)
    end = back.headers["location"].removeprefix("http://localhost:8080")
    strict = tab.cookies.pop("refresh_token")
    again = await tab.get(end, **FROM_OUTSIDE)
    assert again.status_code == 200
    (address_again,) = AWAY.findall(again.text)
    assert address_again.replace("&amp;", "&") == end
    tab.cookies["refresh_token"] = strict
    # The sign-in is not fresh any more.
    asked = await tab.get(end)
    assert asked.headers["location"] == "/account/sign-in?next=%2Faccount%2Fidentities"


async def test_the_password_of_an_account_signs_in_as_before(service: Service, provider: FakeIdentityProvider) -> None:
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    await tab.get(await connect(tab, provider, email=address("elsewhere@example.org"), is_email_verified=False))
    assert "This address is not verified there." in (await tab.get(PAGE)).text
    assert (await service.log_in(service.people.user.email, PASSWORD)).status_code == 200
