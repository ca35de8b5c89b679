"""Signing in at another provider in a browser: where browsers are led, and what is refused on the way."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from bukhindor.ports.identity_provider import Redeemed
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.http.answers import assert_problem, assert_refused_field
from tests.http.conftest import StartService
from tests.http.service import API, tokens_in
from tests.http.web_flow_scenes import (
    APP,
    EXCHANGE,
    VERIFIER,
    Browser,
    exchange,
    path_of,
    query_of,
    start_with_providers,
)
from tests.makers import make_claims

OTHERS_COOKIE = "o" * 43


@pytest.fixture
async def browser(start_service: StartService) -> Browser:
    return Browser(*await start_with_providers(start_service))


async def test_a_person_signs_in_through_the_browser(browser: Browser) -> None:
    service, google = browser.service, browser.provider
    away = await browser.leave()
    assert (away.status_code, away.content) == (302, b"")
    assert away.headers["location"].startswith("https://accounts.google.com/authorize?")
    assert browser.left["redirect_uri"] == f"http://localhost:8080{API}/auth/identities/google/callback"
    (line,) = away.headers.get_list("set-cookie")
    assert line.endswith("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax")

    back = await browser.come_back(browser.answer())
    assert back.status_code == 302
    assert back.headers["location"].startswith(f"{APP}?code=")
    assert back.headers["cache-control"] == "no-store"
    assert back.headers["referrer-policy"] == "no-referrer"
    answer = query_of(back.headers["location"])
    assert answer.keys() == {"code", "state"}
    assert answer["state"] == "of-the-app"

    signed_in = await service.post(EXCHANGE, exchange(answer["code"]))
    assert signed_in.json()["created"] is True
    assert await service.works(tokens_in(signed_in))
    assert tokens_in(signed_in).claims["amr"] == ["idp"]
    assert [each["email"] for each in await service.users() if each["name"] == "Ann Example"] == ["ann@example.com"]
    again = await service.post(EXCHANGE, exchange(await browser.code()))
    assert again.json()["created"] is False
    assert google.redemptions[0].code_verifier not in (None, str(VERIFIER))


@pytest.mark.parametrize(
    "redirect",
    ["https://evil.example/", "com.example.app:/signed-in/", "com.example.app:/", "", "javascript:alert(1)",
     "https://app.example.com/signed-in/../evil", "https://app.example.com/signed-in?x=1",
     "https://app.example.com@evil.example/signed-in"],
)  # fmt: skip
async def test_an_address_that_is_not_listed_is_refused_and_not_led_to(browser: Browser, redirect: str) -> None:
    """IDP-08, RFC 9700 section 4.1."""
    answer = await browser.leave(redirect_uri=redirect)
    assert_problem(answer, 422, "redirect_not_allowed")
    assert {"location", "set-cookie"}.isdisjoint(answer.headers)
    assert browser.provider.asked == 0


async def test_an_address_that_is_not_listed_is_refused_on_pages_too(browser: Browser) -> None:
    """A person reads the refusal; nothing leads on."""
    query = {"redirect_uri": "https://evil.example/", "code_challenge": VERIFIER.challenge}
    answer = await browser.get(f"{API}{path_of('google', 'start')}?{urlencode(query)}", accept="text/html")
    assert (answer.status_code, "location" in answer.headers) == (422, False)


async def test_without_a_challenge_no_browser_leaves(browser: Browser) -> None:
    for challenge in ("", "a" * 42, "a" * 44, f"{'a' * 42}="):
        assert_refused_field(await browser.leave(code_challenge=challenge), "code_challenge", "invalid_code_challenge")
    path = f"{API}{path_of('google', 'start')}?{urlencode({'redirect_uri': APP})}"
    assert_refused_field(await browser.get(path), "code_challenge", "required")
    assert_refused_field(await browser.leave(state="a\nb"), "state", "invalid_state")
    assert browser.provider.asked == 0


async def test_an_unknown_provider_is_404_and_one_that_is_away_503(browser: Browser) -> None:
    query = urlencode({"redirect_uri": APP, "code_challenge": VERIFIER.challenge})
    for path in (f"{path_of('github', 'start')}?{query}", f"{path_of('github', 'callback')}?state=x"):
        assert_problem(await browser.get(API + path), 404, "provider_not_found")
    browser.provider.is_away = True
    assert_problem(await browser.leave(), 503, "provider_unavailable")
    browser.provider.is_away = False
    # What has nothing to do with it answers all the while.
    assert (await browser.service.get("/auth/me", by=browser.service.people.user)).status_code == 200


@pytest.mark.parametrize("cookie", ["", OTHERS_COOKIE, "x"])
async def test_the_answer_in_another_browser_signs_no_one_in(browser: Browser, cookie: str) -> None:
    """IDP-09, CSRF of the sign-in: a victim opens the attacker's callback."""
    await browser.leave()
    victim = Browser(browser.service, browser.provider, cookie)
    answer = await victim.come_back(browser.answer())
    assert_problem(answer, 400, "invalid_web_flow")
    assert "location" not in answer.headers
    assert browser.provider.redemptions == []


async def test_a_response_is_accepted_once_and_for_ten_minutes(browser: Browser) -> None:
    """IDP-09"""
    await browser.leave()
    first = browser.answer()
    assert (await browser.come_back(first)).status_code == 302
    assert_problem(await browser.come_back(first), 400, "invalid_web_flow")
    await browser.leave()
    late = browser.answer()
    browser.service.clock.advance(timedelta(minutes=10))
    assert_problem(await browser.come_back(late), 400, "invalid_web_flow")
    for state in ("", "x", "A" * 400):
        assert_problem(await browser.come_back({"state": state, "code": "a"}), 400, "invalid_web_flow")


async def test_a_state_is_for_one_provider(browser: Browser) -> None:
    """IDP-09, mix-up (RFC 9700 section 4.4)."""
    await browser.leave()
    path = f"{API}{path_of('apple', 'callback')}?{urlencode(browser.answer())}"
    assert_problem(await browser.get(path), 400, "invalid_web_flow")


async def test_another_issuer_is_refused_before_its_code_is_used(browser: Browser) -> None:
    """IDP-09, RFC 9207."""
    await browser.leave()
    back = await browser.come_back(browser.answer(iss="https://evil.example"))
    assert query_of(back.headers["location"])["error"] == "invalid_authorization_code"
    assert browser.provider.redemptions == []
    await browser.leave()
    back = await browser.come_back(browser.answer(iss="https://accounts.google.com"))
    assert "code" in query_of(back.headers["location"])


async def test_a_parameter_that_is_given_twice_is_refused(browser: Browser) -> None:
    """RFC 6749 section 3.1."""
    await browser.leave()
    query = urlencode([*browser.answer().items(), ("code", "another")])
    assert_refused_field(await browser.get(f"{API}{path_of('google', 'callback')}?{query}"), "code", "repeated")


async def test_a_person_who_declines_comes_back_to_the_app(browser: Browser) -> None:
    await browser.leave()
    back = await browser.come_back({"state": browser.left["state"], "error": "access_denied"})
    assert back.headers["location"] == f"{APP}?error=access_denied&state=of-the-app"


async def test_two_tabs_of_one_browser_both_sign_in(browser: Browser) -> None:
    await browser.leave()
    other_tab = Browser(browser.service, browser.provider, browser.cookie)
    await other_tab.leave()
    assert other_tab.cookie == browser.cookie
    for tab, code in ((browser, "code-1"), (other_tab, "code-2")):
        assert "code" in query_of((await tab.come_back(tab.answer(code))).headers["location"])


async def test_the_form_of_apple_is_asked_for_again_as_a_link(start_service: StartService) -> None:
    """A form of another site arrives without cookies that are SameSite=Lax; the name comes only once."""
    service, _ = await start_with_providers(start_service)
    providers = service.application.services.identity_web_flow.proof.providers
    apple = providers["apple"]
    assert isinstance(apple, FakeIdentityProvider)
    browser = Browser(service, apple)
    await browser.leave()
    user = '{"name": {"firstName": "Анна", "lastName": "Каренина"}, "email": "evil@example.com"}'
    form = urlencode({**browser.answer(), "user": user, "id_token": "not looked at"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "https://appleid.apple.com"}
    path = f"{API}{path_of('apple', 'callback')}"
    posted = await service.ask("POST", path, content=form, headers=headers | {"sec-fetch-site": "cross-site"})
    assert (posted.status_code, "set-cookie" in posted.headers) == (303, False)
    assert posted.headers["location"].startswith(f"{path}?state=")
    assert "not+looked" not in posted.headers["location"]
    assert apple.redemptions == []
    back = await browser.get(posted.headers["location"])
    code = query_of(back.headers["location"])["code"]
    signed_in = await service.post(EXCHANGE, exchange(code))
    me = await service.get("/auth/me", by=tokens_in(signed_in))
    assert (me.json()["name"], me.json()["email"]) == ("Анна Каренина", "ann@example.com")


@pytest.mark.parametrize("user", ["", "{", "[]", '{"name": 1}', '{"name": {"firstName": "\\u0000"}}', "x" * 3000])
async def test_a_name_that_is_none_does_no_harm(browser: Browser, user: str) -> None:
    await browser.leave()
    back = await browser.come_back(browser.answer(user=user))
    await browser.service.post(EXCHANGE, exchange(query_of(back.headers["location"])["code"]))
    assert "Ann Example" in [each["name"] for each in await browser.service.users()]


@pytest.mark.parametrize("length", [2048, 2049, 12_000])
async def test_a_code_with_everything_in_it_still_signs_in(browser: Browser, length: int) -> None:
    """The longest name, subject and methods, and a refresh token of a provider that makes long ones."""
    await browser.leave()
    claims = make_claims(subject="s" * 255, name="\U00010348" * 200, amr=("m" * 64,) * 20)
    issued = browser.provider.issue(claims, browser.left["nonce"])
    browser.provider.codes["long"] = Redeemed(issued, "r" * length)
    user = json.dumps({"name": {"firstName": "\U00010348" * 50, "lastName": "\U00010348" * 40}})
    back = await browser.come_back({"state": browser.left["state"], "code": "long", "user": user})
    code = query_of(back.headers["location"])["code"]
    assert len(code) <= 8192
    assert (await browser.service.post(EXCHANGE, exchange(code))).status_code == 200


async def test_the_code_is_for_its_verifier_once_and_for_a_minute(browser: Browser) -> None:
    """IDP-10"""
    service, code = browser.service, await browser.code()
    for wrong in (exchange(code, "w" * 43), exchange(code + "A"), exchange(browser.left["state"]), exchange("x")):
        assert_problem(await service.post(EXCHANGE, wrong), 401, "invalid_authorization_code")
    assert (await service.post(EXCHANGE, exchange(code))).status_code == 200
    assert_problem(await service.post(EXCHANGE, exchange(code)), 401, "invalid_authorization_code")
    late = await browser.code()
    service.clock.advance(timedelta(seconds=60))
    assert_problem(await service.post(EXCHANGE, exchange(late)), 401, "invalid_authorization_code")
    assert service.sql("SELECT count(*) FROM user_sessions WHERE methods = 'idp'") == [(1,)]


async def test_an_account_with_a_second_factor_is_asked_for_it_once_the_code_is_spent(browser: Browser) -> None:
    service = browser.service
    await service.post(EXCHANGE, exchange(await browser.code()))
    await service.change("UPDATE users SET has_factor = ? WHERE email = ?", True, "ann@example.com")
    code = await browser.code()
    refused = await service.post(EXCHANGE, exchange(code))
    assert_problem(refused, 403, "mfa_required")
    assert refused.json()["mfa_token"]
    assert_problem(await service.post(EXCHANGE, exchange(code)), 401, "invalid_authorization_code")


async def test_a_browser_that_is_refused_reads_a_page(browser: Browser) -> None:
    await browser.leave()
    stranger = Browser(browser.service, browser.provider)
    answer = await stranger.come_back(browser.answer(), accept="text/html,*/*;q=0.8")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/account/sign-in/identity?error=invalid_web_flow",
    )


async def test_a_network_starts_three_hundred_sign_ins_in_a_quarter_of_an_hour(start_service: StartService) -> None:
    """Each start lets the server ask the provider once more."""
    browser = Browser(*await start_with_providers(start_service, rate_limits=True))
    for _ in range(300):
        assert (await browser.leave()).status_code == 302
    last = browser.answer()
    refused = await browser.leave()
    assert_problem(refused, 429, "rate_limited")
    assert refused.headers["ratelimit-limit"] == "300"
    # Those that have begun may end.
    assert "code" in query_of((await browser.come_back(last)).headers["location"])
    other = await browser.service.ask("GET", refused.request.url.raw_path.decode(), peer="198.51.100.7")
    assert other.status_code == 302


async def test_guesses_of_codes_use_a_limit_up_and_a_right_one_still_signs_in(start_service: StartService) -> None:
    browser = Browser(*await start_with_providers(start_service, rate_limits=True))
    code = await browser.code()
    for _ in range(100):
        assert (await browser.service.post(EXCHANGE, exchange("x"))).status_code == 401
    assert_problem(await browser.service.post(EXCHANGE, exchange("x")), 429, "rate_limited")
    assert (await browser.service.post(EXCHANGE, exchange(code))).status_code == 200


async def test_nothing_of_a_sign_in_under_way_is_stored(browser: Browser) -> None:
    service = browser.service
    await browser.leave()
    assert service.sql("SELECT count(*) FROM used_id_tokens") == [(0,)]
    code = query_of((await browser.come_back(browser.answer())).headers["location"])["code"]
    assert service.sql("SELECT count(*) FROM used_id_tokens") == [(1,)]
    stored = service.stored()
    assert not any(secret.encode() in stored for secret in (code, browser.left["state"], browser.left["nonce"]))
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", "ann@example.com") == [(0,)]


async def test_the_service_below_a_path_leads_to_itself(start_service: StartService) -> None:
    service, google = await start_with_providers(start_service, public_url="https://example.com/accounts")
    browser = Browser(service, google)
    away = await browser.leave()
    assert browser.left["redirect_uri"] == f"https://example.com/accounts{API}/auth/identities/google/callback"
    (line,) = away.headers.get_list("set-cookie")
    assert line.startswith("__Secure-identity_flow=")
    assert "; Path=/accounts; HttpOnly; SameSite=Lax; Secure" in line
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await service.ask("POST", f"{API}{path_of('google', 'callback')}", content=b"state=x", headers=form)
    assert posted.headers["location"] == f"/accounts{API}/auth/identities/google/callback?state=x"
