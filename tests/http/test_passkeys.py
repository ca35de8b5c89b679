"""/auth/passkeys: adding, using, naming and removing passkeys, with an authenticator in software."""

from datetime import timedelta
from typing import Any

import pytest

from tests.authenticator import EDDSA, ES256, ES384, PRESENT, RS256, VERIFIED, Authenticator, Forged, encoded
from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.passkey_scenes import (
    OPTIONS,
    PASSKEYS,
    SIGN_IN,
    SIGN_IN_OPTIONS,
    add,
    on_the_web,
    proof,
    sign_in,
    try_to_add,
)
from tests.http.service import PUBLIC_URL, Service, tokens_in

FINGERPRINT = ":".join(["11"] * 32)
ANDROID = "android:apk-key-hash:ERERERERERERERERERERERERERERERERERERERERERE"
GARBAGE = [b"", b"\x00", b"\xa1", b"\xff" * 100, b"\x9f" * 5000, b"\xbf\x01", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"]


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("is_synced", [True, False])
async def test_a_passkey_signs_in_without_an_address(service: Service, algorithm: int, is_synced: bool) -> None:
    user, device = service.people.user, on_the_web(algorithm=algorithm, is_synced=is_synced, counts=not is_synced)
    shown = await add(service, device, user)
    assert (shown["name"], shown["synced"], shown["backed_up"], shown["last_used_at"]) == (
        "Phone", is_synced, is_synced, None,
    )  # fmt: skip
    for _ in range(2):
        answer = await sign_in(service, device)
        assert answer.status_code == 200
        claims = tokens_in(answer).claims
        assert (claims["sub"], claims["amr"], claims["acr"]) == (user.id, ["passkey"], "aal2")
        assert await service.works(tokens_in(answer))


async def test_an_app_on_android_makes_and_uses_passkeys(start_service: StartService) -> None:
    service = await start_service(android_apps=f"com.example.app={FINGERPRINT}")
    device = Authenticator(ANDROID)
    await add(service, device, service.people.user)
    assert (await sign_in(service, device)).status_code == 200
    # The same passkey on the web, where the cloud has brought it.
    device.origin = PUBLIC_URL
    assert (await sign_in(service, device)).status_code == 200


async def test_options_ask_for_a_verified_person_and_name_no_address_as_handle(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    first = (await service.post(OPTIONS, by=user)).json()["options"]
    assert first["rp"] == {"id": "localhost", "name": "Bukhindor"}
    assert (first["user"]["name"], first["user"]["displayName"]) == (user.email, user.name)
    assert len(first["user"]["id"]) == 43
    assert first["authenticatorSelection"]["userVerification"] == "required"
    assert first["authenticatorSelection"]["residentKey"] == "required"
    assert {each["alg"] for each in first["pubKeyCredParams"]} == {ES256, EDDSA, RS256}
    assert (first["attestation"], first["excludeCredentials"]) == ("none", [])
    await add(service, device, user)
    again = (await service.post(OPTIONS, by=user)).json()["options"]
    assert [each["id"] for each in again["excludeCredentials"]] == [encoded(device.keys[0].id)]
    assert again["user"]["id"] == encoded(device.keys[0].user_handle)
    assert again["challenge"] != first["challenge"]


async def test_options_for_a_sign_in_are_the_same_for_every_address(service: Service) -> None:
    await add(service, on_the_web(), service.people.user)
    answers = [
        (await service.post(SIGN_IN_OPTIONS, body)).json()["options"]
        for body in (None, {}, {"email": service.people.user.email}, {"email": "nobody@example.org"})
    ]
    challenges = {options.pop("challenge") for options in answers}
    assert len(challenges) == 4
    assert all(options == answers[0] for options in answers)
    assert answers[0] == {
        "timeout": 300_000, "rpId": "localhost", "allowCredentials": [], "userVerification": "required",
    }  # fmt: skip


async def test_a_person_names_and_removes_passkeys(service: Service) -> None:
    user, phone, key = service.people.user, on_the_web(), on_the_web(is_synced=False, counts=True)
    first, second = await add(service, phone, user), await add(service, key, user, "Key")
    renamed = await service.patch(f"{PASSKEYS}/{first['id']}", {"name": " Anna's phone "}, by=user)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Anna's phone")
    listed = (await service.get(PASSKEYS, by=user)).json()["passkeys"]
    assert [each["name"] for each in listed] == ["Anna's phone", "Key"]
    removed = await service.delete(f"{PASSKEYS}/{first['id']}", by=user)
    assert (removed.status_code, removed.json()) == (200, {"message": "The passkey has been removed."})
    assert [each["id"] for each in (await service.get(PASSKEYS, by=user)).json()["passkeys"]] == [second["id"]]
    assert_problem(await sign_in(service, phone), 401, "invalid_passkey")
    assert (await sign_in(service, key)).status_code == 200
    assert_problem(await service.delete(f"{PASSKEYS}/{first['id']}", by=user), 404, "passkey_not_found")


async def test_passkeys_of_others_do_not_exist(service: Service) -> None:
    passkey = await add(service, on_the_web(), service.people.other)
    for answer in (
        await service.patch(f"{PASSKEYS}/{passkey['id']}", {"name": "Mine"}, by=service.people.user),
        await service.delete(f"{PASSKEYS}/{passkey['id']}", by=service.people.admin),
        await service.delete(f"{PASSKEYS}/{passkey['id'].upper()}", by=service.people.other),
    ):
        assert_problem(answer, 404, "passkey_not_found")
    assert (await service.get(PASSKEYS, by=service.people.user)).json() == {"passkeys": []}


async def test_a_change_needs_a_fresh_sign_in(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    passkey = await add(service, device, user)
    service.clock.advance(timedelta(minutes=10))
    for method, path, body in (
        ("POST", OPTIONS, None),
        ("PATCH", f"{PASSKEYS}/{passkey['id']}", {"name": "x"}),
        ("DELETE", f"{PASSKEYS}/{passkey['id']}", None),
    ):
        answer = await service.ask(method, f"/api/v1{path}", body, by=user)
        assert_problem(answer, 403, "reauthentication_required")
    fresh = tokens_in(await sign_in(service, device))
    assert (await service.delete(f"{PASSKEYS}/{passkey['id']}", by=fresh)).status_code == 200


FORGED_USES = {
    "challenge": Forged(challenge=b"x" * 32),
    "origin": Forged(origin="https://evil.example.com"),
    "origin below ours": Forged(origin="http://evil.localhost:8080"),
    "app": Forged(origin=ANDROID),
    "relying party": Forged(rp_id="evil.example.com"),
    "no verification": Forged(flags=PRESENT | 8 | 16),
    "no presence": Forged(flags=VERIFIED | 8 | 16),
    "backup without permission": Forged(flags=PRESENT | VERIFIED | 16),
    "another kind": Forged(flags=PRESENT | VERIFIED),
    "ceremony": Forged(type="webauthn.create"),
    "frame": Forged(cross_origin=True),
    "signature": Forged(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
    "no signature": Forged(signature=b""),
    "handle": Forged(user_handle=b"x" * 32),
    "unknown credential": Forged(id=b"y" * 16),
    "client data": Forged(client_data=b"\xff"),
    "client data of another kind": Forged(client_data=b"[]"),
    "deep client data": Forged(client_data=b"[" * 12_000),
    "authenticator data": Forged(authenticator_data=b"\x00" * 36),
}


@pytest.mark.parametrize("name", FORGED_USES)
async def test_a_forged_use_signs_no_one_in(service: Service, name: str) -> None:
    device = on_the_web()
    await add(service, device, service.people.user)
    assert_problem(await sign_in(service, device, FORGED_USES[name]), 401, "invalid_passkey")
    assert service.sql("SELECT count(*) FROM audit_events WHERE type = 'sign_in.succeeded' AND details LIKE ?",
                       "%passkey%") == [(0,)]  # fmt: skip
    assert (await sign_in(service, device)).status_code == 200


FORGED_CREATIONS = {
    "challenge": Forged(challenge=b"x" * 32),
    "origin": Forged(origin="https://evil.example.com"),
    "relying party": Forged(rp_id="evil.example.com"),
    "no verification": Forged(flags=PRESENT | 8 | 16),
    "no presence": Forged(flags=VERIFIED | 8 | 16),
    "ceremony": Forged(type="webauthn.get"),
    "frame": Forged(cross_origin=True),
    "another credential": Forged(id=b"z" * 16),
    "a key without algorithm": Forged(cose={1: 2}),
    "a key that is a text": Forged(cose="key"),
    "a point that is not on the curve": Forged(cose={1: 2, 3: ES256, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32}),
    "an algorithm that does not fit": Forged(cose={1: 1, 3: ES256, -1: 6, -2: b"\x01" * 32}),
    "a key of no length": Forged(cose={1: 3, 3: RS256, -1: b"", -2: b""}),
}


@pytest.mark.parametrize("name", FORGED_CREATIONS)
async def test_a_forged_creation_makes_no_passkey(service: Service, name: str) -> None:
    answer = await try_to_add(service, on_the_web(), service.people.user, FORGED_CREATIONS[name])
    assert_problem(answer, 400, "passkey_not_accepted")
    assert service.sql("SELECT count(*) FROM passkeys") == [(0,)]


@pytest.mark.parametrize("content", GARBAGE)
async def test_garbage_is_refused_everywhere(service: Service, content: bytes) -> None:
    device, user = on_the_web(), service.people.user
    for forged in (Forged(attestation_object=content), Forged(authenticator_data=content)):
        assert_problem(await try_to_add(service, device, user, forged), 400, "passkey_not_accepted")
    await add(service, device, user)
    for forged in (Forged(authenticator_data=content), Forged(signature=content)):
        assert_problem(await sign_in(service, device, forged), 401, "invalid_passkey")


async def test_what_is_too_large_or_no_credential_is_refused(service: Service) -> None:
    device, user = on_the_web(), service.people.user
    await add(service, device, user)
    huge = await proof(service, device, Forged(client_data=b" " * 60_000))
    assert_problem(await service.post(SIGN_IN, huge), 413, "body_too_large")
    wrong: list[Any] = [{}, [], "x", None, {"id": 1}, {"id": "A", "response": {}}, {"id": "!", "response": {}}]
    for credential in wrong:
        answer = await service.post(SIGN_IN, {"challenge_id": "bkc_x", "credential": credential})
        assert_problem(answer, 400, "validation_failed", "credential")
        answer = await service.post(PASSKEYS, {"challenge_id": "bkc_x", "credential": credential}, by=user)
        assert_problem(answer, 400, "validation_failed", "credential")


async def test_other_algorithms_are_refused(service: Service) -> None:
    answer = await try_to_add(service, on_the_web(algorithm=ES384), service.people.user)
    assert_problem(answer, 400, "passkey_not_accepted")


async def test_a_use_is_good_once(service: Service) -> None:
    device = on_the_web()
    await add(service, device, service.people.user)
    body = await proof(service, device)
    assert (await service.post(SIGN_IN, body)).status_code == 200
    assert_problem(await service.post(SIGN_IN, body), 401, "invalid_passkey")
    late = await proof(service, device)
    service.clock.advance(timedelta(minutes=5))
    assert_problem(await service.post(SIGN_IN, late), 401, "invalid_passkey")


async def test_a_passkey_of_another_account_stays_with_it(service: Service) -> None:
    """One device with passkeys of two people: each signs its own account in, and none can be added twice."""
    device, user, other = on_the_web(), service.people.user, service.people.other
    await add(service, device, user)
    await add(service, device, other)
    mine, theirs = device.keys
    assert tokens_in(await sign_in(service, device, key=mine)).claims["sub"] == user.id
    assert tokens_in(await sign_in(service, device, key=theirs)).claims["sub"] == other.id
    answer = await sign_in(service, device, Forged(user_handle=theirs.user_handle), mine)
    assert_problem(answer, 401, "invalid_passkey")
    begun = (await service.post(OPTIONS, by=user)).json()
    body = {"challenge_id": begun["challenge_id"], "credential": device.create(begun["options"])}
    assert_problem(await service.post(PASSKEYS, body, by=other), 400, "passkey_not_accepted")


async def test_a_copy_of_an_authenticator_is_found_by_its_counter(service: Service) -> None:
    device = on_the_web(is_synced=False, counts=True)
    await add(service, device, service.people.user)
    for _ in range(3):
        assert (await sign_in(service, device)).status_code == 200
    for count in (3, 1, 0):
        assert_problem(await sign_in(service, device, Forged(sign_count=count)), 401, "invalid_passkey")
    recorded = service.sql("SELECT subject_id FROM audit_events WHERE type = 'passkey.copied'")
    assert len(recorded) == 3
    assert (await sign_in(service, device)).status_code == 200


async def test_a_banned_account_does_not_sign_in(service: Service) -> None:
    device, user = on_the_web(), service.people.user
    await add(service, device, user)
    await service.patch(f"/users/{user.id}", {"status": "banned"}, by=service.people.admin)
    assert_problem(await sign_in(service, device), 403, "account_banned")


async def test_passkeys_are_in_the_export_and_go_with_the_account(service: Service) -> None:
    device, user = on_the_web(), service.people.user
    passkey = await add(service, device, user)
    exported = (await service.get("/auth/me/export", by=user)).json()
    assert [each["id"] for each in exported["passkeys"]] == [passkey["id"]]
    await service.delete("/auth/me", {"password": "violet-otter-41"}, by=user)
    assert service.sql("SELECT count(*) FROM passkeys") == [(0,)]
    assert_problem(await sign_in(service, device), 401, "invalid_passkey")


async def test_a_refresh_token_in_a_cookie_works_as_at_a_login(service: Service) -> None:
    device = on_the_web()
    await add(service, device, service.people.user)
    answer = await service.post(
        SIGN_IN, await proof(service, device), headers={"x-token-transport": "cookie", "x-device-id": "phone-1"}
    )
    assert (answer.status_code, answer.json()["user"]["refresh_token"]) == (200, "")
    assert "set-cookie" in answer.headers
    sessions = (await service.get("/auth/sessions", by=tokens_in(answer).access_token)).json()["sessions"]
    assert "phone-1" in [each["device_id"] for each in sessions]


async def test_a_passkey_makes_a_sign_in_fresh(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    passkey = await add(service, device, user)
    service.clock.advance(timedelta(minutes=10))
    fresh = await service.post("/auth/reauthenticate", await proof(service, device), by=user)
    assert fresh.status_code == 200
    claims = tokens_in(fresh).claims
    assert (claims["sid"], claims["acr"]) == (user.session_id, "aal2")
    assert (await service.delete(f"{PASSKEYS}/{passkey['id']}", by=tokens_in(fresh))).status_code == 200
    forged = await proof(service, device)
    refused = await service.post("/auth/reauthenticate", forged, by=service.people.other)
    assert_problem(refused, 400, "passkey_not_accepted")
    without_challenge = await service.post("/auth/reauthenticate", {"credential": forged["credential"]}, by=user)
    assert_problem(without_challenge, 400, "passkey_not_accepted")
