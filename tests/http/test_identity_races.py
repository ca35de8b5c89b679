"""What happens at the same moment to linked accounts, guests and the last way in, on real databases"""

import asyncio
from collections import Counter
from typing import Any

import httpx

from bukhindor.domain.identity import PRIVATE_RELAY_DOMAIN
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.http.conftest import StartService
from tests.http.passkey_scenes import PASSKEYS, add, on_the_web
from tests.http.service import PASSWORD, Json, Service, Tokens, tokens_in
from tests.http.web_flow_scenes import SETTINGS, acquaint
from tests.makers import address, make_claims

IDENTITIES = "/auth/identities"


def sheet(provider: FakeIdentityProvider, subject: str = "ann", **parts: Any) -> Json:
    """The body of a sign-in or a link with an account at the provider."""
    return {"id_token": provider.issue(make_claims(subject=subject, **parts)), "nonce": "nonce"}


async def signed_in(service: Service, provider: FakeIdentityProvider, subject: str = "ann", **parts: Any) -> Tokens:
    name = provider.settings.name
    return tokens_in(await service.post(f"{IDENTITIES}/{name}/token", sheet(provider, subject, **parts)))


async def begun(start_service: StartService) -> tuple[Service, FakeIdentityProvider]:
    service = await start_service(**SETTINGS, rate_limits=False)
    return service, acquaint(service)


async def linked(service: Service, by: Tokens) -> list[str]:
    return [each["id"] for each in (await service.get(IDENTITIES, by=by)).json()["identities"]]


def no_failures(answers: list[httpx.Response]) -> None:
    assert [answer.text for answer in answers if answer.status_code >= 500] == []


async def test_two_last_identities_never_unlink_each_other(start_service: StartService) -> None:
    service, google = await begun(start_service)
    ann = await signed_in(service, google)
    for number in range(10):
        answer = await service.post(f"{IDENTITIES}/google", sheet(google, f"second-{number}"), by=ann)
        assert answer.status_code == 201, answer.text
        both = await linked(service, ann)
        assert len(both) == 2
        answers = await asyncio.gather(*(service.delete(f"{IDENTITIES}/{each}", by=ann) for each in both * 5))
        no_failures(answers)
        assert len(await linked(service, ann)) == 1


async def test_sign_ins_beside_unlinking_never_fail(start_service: StartService) -> None:
    service, google = await begun(start_service)
    user = service.people.user
    await service.change("UPDATE users SET email_verified = ? WHERE email = ?", True, user.email)
    at_home = {"email": address(user.email)}
    for _ in range(5):
        assert (await service.post(f"{IDENTITIES}/google", sheet(google, "uma", **at_home), by=user)).status_code == 201
        (identity,) = await linked(service, user)
        signing_in = [service.post(f"{IDENTITIES}/google/token", sheet(google, "uma", **at_home)) for _ in range(20)]
        unlinking = service.delete(f"{IDENTITIES}/{identity}", by=user)
        answers = await asyncio.gather(*signing_in[:5], unlinking, *signing_in[5:])
        no_failures(list(answers))
        for each in await linked(service, user):
            await service.delete(f"{IDENTITIES}/{each}", by=user)


async def test_first_sign_ins_at_once_make_one_account(start_service: StartService) -> None:
    service, google = await begun(start_service)
    bodies = [sheet(google) for _ in range(50)]
    answers = await asyncio.gather(*(service.post(f"{IDENTITIES}/google/token", body) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert sum(answer.json()["created"] for answer in answers) == 1
    assert service.sql("SELECT count(*) FROM identities") == [(1,)]


async def test_one_identity_is_linked_to_one_account(start_service: StartService) -> None:
    service, google = await begun(start_service)
    people = [service.people.user, service.people.other, service.people.admin]
    bodies = [sheet(google) for _ in range(48)]
    answers = await asyncio.gather(
        *(service.post(f"{IDENTITIES}/google", body, by=people[n % 3]) for n, body in enumerate(bodies))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 16, 409: 32}
    assert service.sql("SELECT count(*) FROM identities") == [(1,)]


async def test_one_token_is_used_once_for_linking_or_signing_in(start_service: StartService) -> None:
    service, google = await begun(start_service)
    user = service.people.user
    await service.change("UPDATE users SET email_verified = ? WHERE email = ?", True, user.email)
    body = sheet(google, "uma", email=address(user.email))
    answers = await asyncio.gather(
        *(service.post(f"{IDENTITIES}/google/token", body) for _ in range(10)),
        *(service.post(f"{IDENTITIES}/google", body, by=user) for _ in range(10)),
    )
    no_failures(list(answers))
    assert Counter(answer.status_code in (200, 201) for answer in answers) == {True: 1, False: 19}


async def test_an_account_at_a_relay_address_keeps_its_last_passkey(start_service: StartService) -> None:
    service, google = await begun(start_service)
    ann = await signed_in(service, google)
    await service.change("UPDATE users SET email = ? WHERE email = ?", f"ann@{PRIVATE_RELAY_DOMAIN}", "ann@example.com")
    passkey = await add(service, on_the_web(), ann)
    (identity,) = await linked(service, ann)
    answers = await asyncio.gather(
        *(service.delete(f"{IDENTITIES}/{identity}", by=ann) for _ in range(5)),
        *(service.delete(f"{PASSKEYS}/{passkey['id']}", by=ann) for _ in range(5)),
    )
    no_failures(list(answers))
    left = len(await linked(service, ann)) + len((await service.get(PASSKEYS, by=ann)).json()["passkeys"])
    assert left == 1


async def test_a_guest_is_merged_once(start_service: StartService) -> None:
    service, google = await begun(start_service)
    guest = (await service.post("/auth/guest")).json()["user"]["access_token"]
    more = {"guest_token": guest}
    addresses = [service.people.user.email, service.people.other.email] * 5
    bodies = [{"email": email, "password": PASSWORD} for email in addresses]
    upgrade = {"email": "new@example.org", "password": PASSWORD}
    answers = await asyncio.gather(
        *(service.post("/auth/login", body | more) for body in bodies),
        *(service.post(f"{IDENTITIES}/google/token", sheet(google) | more) for _ in range(10)),
        service.post("/auth/guest/upgrade", upgrade, by=guest),
    )
    no_failures(list(answers))
    assert Counter(answer.status_code == 200 for answer in answers) == {True: 1, False: 20}
    assert service.sql("SELECT count(*) FROM users WHERE email LIKE '%guest.invalid'") == [(0,)]
