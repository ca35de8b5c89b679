"""Guests and accounts at other providers"""

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.passkey_scenes import PASSKEYS, add, on_the_web
from tests.http.service import Service, Tokens, tokens_in
from tests.http.test_guests import begin, log_in, mailed_to_guests, me
from tests.http.web_flow_scenes import EXCHANGE, Browser, exchange, start_with_providers
from tests.makers import address, make_claims

SIGN_IN, LINK = "/auth/identities/google/token", "/auth/identities/google"


@pytest.fixture
async def browser(start_service: StartService) -> Browser:
    return Browser(*await start_with_providers(start_service))


def shown(browser: Browser, subject: str, email: str | None = None, **claims: bool) -> dict[str, str]:
    """What the native sheet of the provider returns."""
    says = make_claims(subject=subject, email=None if email is None else address(email), **claims)
    return {"id_token": browser.provider.issue(says), "nonce": "nonce"}


async def linked(service: Service, browser: Browser, by: Tokens, subject: str, email: str | None = None) -> str:
    answer = await service.post(LINK, shown(browser, subject, email), by=by)
    assert answer.status_code == 201, answer.text
    identity: str = answer.json()["id"]
    return identity


async def test_an_identity_makes_a_guest_a_person(browser: Browser) -> None:
    service = browser.service
    guest = await begin(service, "Zoe")
    await linked(service, browser, guest, "zoe", "zoe@example.org")
    person = await me(service, guest)
    assert (person["email"], person["email_verified"], person["is_guest"]) == ("zoe@example.org", True, False)
    signed_in = await service.post(SIGN_IN, shown(browser, "zoe"))
    assert (signed_in.json()["created"], tokens_in(signed_in).claims["sub"]) == (False, person["id"])
    assert await service.works(await service.refreshed(guest))


async def test_an_identity_with_a_taken_address_makes_a_person_without_one(browser: Browser) -> None:
    """The last way in stays: the identity, or a passkey."""
    service = browser.service
    guest = await begin(service)
    identity = await linked(service, browser, guest, "zoe", service.people.user.email)
    person = await me(service, guest)
    assert (person["email"], person["is_guest"]) == (f"{person['id']}@guest.invalid", False)
    refused = await service.delete(f"/auth/identities/{identity}", by=guest)
    assert_problem(refused, 409, "last_sign_in_method")
    passkey = await add(service, on_the_web(), guest)
    assert (await service.delete(f"/auth/identities/{identity}", by=guest)).status_code == 200
    refused = await service.delete(f"{PASSKEYS}/{passkey['id']}", by=guest)
    assert_problem(refused, 409, "last_sign_in_method")
    assert await mailed_to_guests(service) == []


async def test_a_sign_in_at_a_provider_merges_a_guest(browser: Browser) -> None:
    """A wrong token of a guest uses up nothing of what the provider gave."""
    service = browser.service
    proof = shown(browser, "ann", "ann@example.com")
    assert_problem(await service.post(SIGN_IN, proof | {"guest_token": "x"}), 400, "invalid_guest_token")
    first, second = await begin(service), await begin(service)
    answer = await service.post(SIGN_IN, proof | {"guest_token": first.access_token})
    assert (answer.status_code, answer.json()["created"]) == (200, True)
    assert answer.json()["merged_from"] == first.claims["sub"]
    code = await browser.code()
    refused = await service.post(EXCHANGE, exchange(code) | {"guest_token": "x"})
    assert_problem(refused, 400, "invalid_guest_token")
    exchanged = await service.post(EXCHANGE, exchange(code) | {"guest_token": second.access_token})
    assert (exchanged.json()["created"], exchanged.json()["merged_from"]) == (False, second.claims["sub"])
    assert tokens_in(exchanged).claims["sub"] == tokens_in(answer).claims["sub"]
    assert not await service.works(first)
    assert not await service.works(second)


async def test_no_provider_vouches_for_the_address_of_a_guest(browser: Browser) -> None:
    service = browser.service
    guest = await begin(service)
    email = (await me(service, guest))["email"]
    answer = await service.post(SIGN_IN, shown(browser, "thief", email))
    assert_problem(answer, 401, "identity_email_not_verified")
    assert (await me(service, guest))["is_guest"] is True


async def test_a_person_with_an_identity_is_merged_with_no_one(browser: Browser) -> None:
    service = browser.service
    guest = await begin(service)
    await linked(service, browser, guest, "zoe")
    assert_problem(await log_in(service, guest), 400, "invalid_guest_token")
    assert await service.works(guest)
