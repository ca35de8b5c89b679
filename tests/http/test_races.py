"""What happens at the same moment, on real databases"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.http.conftest import StartService
from tests.http.passkey_scenes import add, on_the_web, proof
from tests.http.service import PASSWORD, Json, Service, tokens_in
from tests.http.web_flow_scenes import EXCHANGE, Browser, exchange, start_with_providers


@pytest.mark.parametrize("parallel", [20, 100])
async def test_parallel_refreshes_of_one_token_give_one_child(service: Service, parallel: int) -> None:
    """RT-04: one live generation afterwards."""
    user = service.people.user
    answers = await asyncio.gather(*(service.refresh(user) for _ in range(parallel)))
    assert Counter(answer.status_code for answer in answers) == {200: parallel}
    (child,) = {tokens_in(answer).refresh_token for answer in answers}
    generations = service.sql("SELECT generation FROM user_sessions WHERE user_id = ?", user.id.replace("-", ""))
    assert generations == [(2,)]
    assert child != user.refresh_token
    assert await service.works(tokens_in(answers[0]))
    assert await service.works(tokens_in(answers[-1]))


async def test_parallel_registrations_make_one_account(service: Service) -> None:
    """REG-07"""
    body = {"name": "Anna", "email": "anna@example.org", "password": PASSWORD}
    spellings = ["anna@example.org", "ANNA@example.org"]
    answers = await asyncio.gather(
        *(service.post("/auth/register", body | {"email": spellings[n % 2]}, peer=f"198.51.100.{n}") for n in range(50))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    assert service.sql("SELECT count(*) FROM users WHERE email = 'anna@example.org'") == [(1,)]


async def test_two_administrators_never_demote_each_other(service: Service) -> None:
    """AZ-06, REL-18"""
    admins = [service.people.admin, service.people.other]
    body: Json = {"role": "user"}
    for _ in range(50):
        await service.change(
            "UPDATE users SET role = 'admin' WHERE email IN (?, ?)", *(admin.email for admin in admins)
        )
        # A token from before a change of the role is refused; these are to be good again.
        await service.change("UPDATE user_sessions SET oldest_valid_generation = 1")
        answers = await asyncio.gather(
            service.patch(f"/users/{admins[1].id}", body, by=admins[0]),
            service.patch(f"/users/{admins[0].id}", body, by=admins[1]),
        )
        assert service.sql("SELECT count(*) FROM users WHERE role = 'admin'") == [(1,)]
        assert sorted(answer.status_code for answer in answers)[0] == 200
        assert all(answer.status_code in (200, 401, 403, 404, 409) for answer in answers)


async def test_two_administrators_never_delete_each_other(service: Service) -> None:
    """AZ-06"""
    admins = [service.people.admin, service.people.other]
    await service.change("UPDATE users SET role = 'admin' WHERE email = ?", admins[1].email)
    answers = await asyncio.gather(
        service.delete(f"/users/{admins[1].id}", by=admins[0]), service.delete(f"/users/{admins[0].id}", by=admins[1])
    )
    assert service.sql("SELECT count(*) FROM users WHERE role = 'admin'") == [(1,)]
    assert all(answer.status_code < 500 for answer in answers)


async def test_a_ban_beside_refreshes_leaves_no_token_that_works(service: Service) -> None:
    """JWT-10, RT-08"""
    people = service.people
    ban = service.patch(f"/users/{people.user.id}", {"status": "banned"}, by=people.admin)
    refreshes = [service.refresh(people.user) for _ in range(20)]
    logins = [service.log_in(people.user.email) for _ in range(5)]
    answers = await asyncio.gather(*refreshes[:10], ban, *refreshes[10:], *logins)
    assert all(answer.status_code < 500 for answer in answers)
    assert service.sql("SELECT count(*) FROM user_sessions WHERE user_id = ?", people.user.id.replace("-", "")) == [
        (0,)
    ]
    for answer in answers:
        if answer.status_code == 200 and "user" in answer.json():
            assert not await service.works(tokens_in(answer))


async def test_parallel_logouts_are_all_fine(service: Service) -> None:
    """SES-01, REL-19"""
    answers = await asyncio.gather(*(service.post("/auth/logout", by=service.people.user) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 20}


async def test_parallel_password_changes_leave_one_password(service: Service) -> None:
    """SES-03"""
    user = service.people.user
    chosen = [f"scarlet-heron-{n:02}" for n in range(10)]
    answers = await asyncio.gather(
        *(
            service.post("/auth/change-password", {"current_password": PASSWORD, "new_password": new}, by=user)
            for new in chosen
        )
    )
    changed = [new for new, answer in zip(chosen, answers, strict=True) if answer.status_code == 200]
    assert all(answer.status_code in (200, 400, 401) for answer in answers)
    working = [new for new in (*chosen, PASSWORD) if (await service.log_in(user.email, new)).status_code == 200]
    assert len(working) == 1
    assert working[0] in changed


async def test_parallel_sign_ins_each_have_a_session(start_service: StartService) -> None:
    """LGN-13"""
    service = await start_service(rate_limits=False)
    answers = await asyncio.gather(*(service.log_in(service.people.user.email) for _ in range(30)))
    assert Counter(answer.status_code for answer in answers) == {200: 30}
    assert len({tokens_in(answer).session_id for answer in answers}) == 30


@pytest.mark.parametrize("form", ["link", "code"])
async def test_fifty_uses_of_one_mailed_proof_start_one_session(service: Service, form: str) -> None:
    """RST-05, REL-18"""
    user = service.people.user
    await service.change("UPDATE users SET email_verified = ? WHERE email = ?", True, user.email)
    await service.post("/auth/sign-in-code", {"email": user.email})
    proof = await service.proof(user.email)
    body = {"token": proof.token} if form == "link" else {"email": user.email, "code": proof.code}
    owner = user.id.replace("-", "")
    (before,) = service.sql("SELECT count(*) FROM user_sessions WHERE user_id = ?", owner)[0]
    # From many networks, so that no limit takes part.
    answers = await asyncio.gather(
        *(service.post("/auth/sign-in-code/confirm", body, peer=f"198.51.{n}.1") for n in range(50))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    assert service.sql("SELECT count(*) FROM user_sessions WHERE user_id = ?", owner) == [(before + 1,)]
    assert await service.works(next(tokens_in(answer) for answer in answers if answer.status_code == 200))


async def test_simultaneous_requests_all_succeed(start_service: StartService) -> None:
    """REL-18: everything that changes one account, several times each and all at once, down to its deletion."""
    service = await start_service(rate_limits=False)
    user, admin = service.people.user, service.people.admin
    await service.post("/auth/reset-password", {"email": user.email})
    reset = {"token": (await service.proof(user.email)).token, "new_password": "scarlet-heron-77"}
    await service.post("/auth/change-email", {"new_email": "uma@example.org", "password": PASSWORD}, by=user)
    moved = {"token": (await service.proof("uma@example.org")).token}
    await service.post("/auth/sign-in-code", {"email": user.email})
    mailed = (await service.proof(user.email)).token
    changed = {"current_password": PASSWORD, "new_password": "amber-walrus-58"}
    one_of_each: list[Callable[[], Awaitable[httpx.Response]]] = [
        lambda: service.refresh(user),
        lambda: service.log_in(user.email),
        lambda: service.get("/auth/me", by=user),
        lambda: service.patch("/auth/me", {"name": "Uma"}, by=user),
        lambda: service.post("/auth/change-password", changed, by=user),
        lambda: service.post("/auth/logout", by=user),
        lambda: service.post("/auth/logout-all", by=user),
        lambda: service.post("/auth/reset-password", {"email": user.email}),
        lambda: service.post("/auth/reset-password/confirm", reset),
        lambda: service.post("/auth/sign-in-code", {"email": user.email}),
        lambda: service.post("/auth/sign-in-code/confirm", {"token": mailed}),
        lambda: service.post("/auth/verify-email", {"email": user.email}),
        lambda: service.post("/auth/change-email/confirm", moved),
        lambda: service.patch(f"/users/{user.id}", {"status": "banned"}, by=admin),
        lambda: service.patch(f"/users/{user.id}", {"status": "active"}, by=admin),
        lambda: service.delete(f"/users/{user.id}/sessions", by=admin),
    ]
    requests = [request() for request in one_of_each for _ in range(4)]
    answers = await asyncio.gather(*requests[::2], service.delete(f"/users/{user.id}", by=admin), *requests[1::2])
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
    assert service.sql("SELECT count(*) FROM users WHERE id = ?", user.id.replace("-", "")) == [(0,)]
    assert await service.works(admin)


async def test_parallel_replays_of_a_passkey_begin_one_session(service: Service) -> None:
    """One challenge, one signature, fifty requests."""
    device = on_the_web()
    await add(service, device, service.people.user)
    body = await proof(service, device)
    answers = await asyncio.gather(
        *(service.post("/auth/passkeys/sign-in", body, peer=f"198.51.100.{n}") for n in range(50))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 49}
    begun = service.sql("SELECT count(*) FROM user_sessions WHERE methods = 'passkey'")
    assert begun == [(1,)]


async def test_parallel_uses_of_a_new_challenge_make_one_passkey(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    options = (await service.post("/auth/passkeys/options", by=user)).json()
    bodies = [
        {"challenge_id": options["challenge_id"], "credential": device.create(options["options"])} for _ in range(50)
    ]
    answers = await asyncio.gather(*(service.post("/auth/passkeys", body, by=user) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 49}
    assert service.sql("SELECT count(*) FROM passkeys") == [(1,)]


async def test_fifty_exchanges_of_one_code_start_one_session(start_service: StartService) -> None:
    """IDP-10, REL-18"""
    service, google = await start_with_providers(start_service, rate_limits=False)
    code = await Browser(service, google).code()
    answers = await asyncio.gather(*(service.post(EXCHANGE, exchange(code), peer=f"198.51.{n}.1") for n in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 49}
    assert {answer.json().get("error_code") for answer in answers} == {None, "invalid_authorization_code"}
    assert service.sql("SELECT count(*) FROM user_sessions WHERE methods = 'idp'") == [(1,)]
    assert service.sql("SELECT count(*) FROM identities") == [(1,)]


async def test_fifty_returns_of_one_browser_bring_one_code(start_service: StartService) -> None:
    """IDP-09, REL-18"""
    service, google = await start_with_providers(start_service, rate_limits=False)
    browser = Browser(service, google)
    await browser.leave()
    answer = browser.answer()
    answers = await asyncio.gather(*(browser.come_back(answer) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {302: 1, 400: 49}
    assert len(google.redemptions) == 1
