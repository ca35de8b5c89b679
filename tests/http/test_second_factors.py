"""Authenticator apps and recovery codes: /auth/factors, /auth/login/factor and /auth/recovery-codes"""

import asyncio
from base64 import b32decode
from collections import Counter
from datetime import timedelta
from xml.etree import ElementTree

import pyotp
import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.authenticator import App, complete, confirm, factors_of, mfa_token, pending, protected
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service, tokens_in

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


async def test_an_app_is_added_from_its_qr_code(service: Service) -> None:
    user = service.people.user
    answer = await service.post("/auth/factors/totp", {"name": " My phone "}, by=user)
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"id", "secret", "uri", "qr_svg"}
    assert len(b32decode(body["secret"])) == 20
    read = pyotp.parse_uri(body["uri"])
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name) == (body["secret"], "Bukhindor", user.email)
    assert (read.digits, read.interval, read.digest().name) == (6, 30, "sha1")
    assert ElementTree.fromstring(body["qr_svg"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert await factors_of(service, user) == {"factors": [], "recovery_codes_left": 0}
    tokens_in(await service.log_in(user.email))

    app = App(body["id"], body["secret"], [])
    confirmed = (await confirm(service, app, user)).json()
    assert confirmed["message"] == "The second factor is on."
    assert len(set(confirmed["recovery_codes"])) == 10
    listed = await factors_of(service, user)
    assert listed["recovery_codes_left"] == 10
    (factor,) = listed["factors"]
    assert (factor["id"], factor["type"], factor["name"]) == (app.id, "totp", "My phone")
    assert (await service.mails(user.email))[0]["subject"] == "A second factor was added to your account at Bukhindor"


async def test_signing_in_takes_both_factors(service: Service) -> None:
    user = service.people.user
    app = await protected(service, user)
    token = await mfa_token(service, user)
    assert_problem(await complete(service, token, code=app.code(service, 5)), 400, "incorrect_factor")
    tokens = tokens_in(await complete(service, token, code=f" {app.code(service)[:3]} {app.code(service)[3:]}"))
    assert (tokens.claims["amr"], tokens.claims["acr"]) == (["pwd", "otp"], "aal2")
    assert await service.works(tokens)
    assert_problem(await complete(service, token, recovery_code=app.recovery_codes[0]), 400, "invalid_mfa_token")


async def test_an_app_in_the_field_signs_in_as_before_without_factors(service: Service) -> None:
    answer = await service.log_in(service.people.other.email)
    assert set(answer.json()) == {"message", "user"}
    assert tokens_in(answer).claims["amr"] == ["pwd"]


async def test_a_recovery_code_stands_in_for_the_app_once(service: Service) -> None:
    user = service.people.user
    app = await protected(service, user)
    typed = app.recovery_codes[0].lower().replace("-", " ")
    tokens = tokens_in(await complete(service, await mfa_token(service, user), recovery_code=typed))
    assert tokens.claims["amr"] == ["pwd", "recovery"]
    assert (await factors_of(service, tokens))["recovery_codes_left"] == 9
    service.clock.advance(timedelta(seconds=1))
    again = await complete(service, await mfa_token(service, user), recovery_code=typed)
    assert_problem(again, 400, "incorrect_factor")
    assert "A recovery code was used at Bukhindor" in [mail["subject"] for mail in await service.mails(user.email)]


async def test_codes_are_accepted_one_step_before_and_after_and_never_twice(service: Service) -> None:
    user = service.people.user
    app = await protected(service, user)
    service.clock.advance(timedelta(seconds=60))
    for later, status in ((-2, 400), (2, 400), (-1, 200), (-1, 400), (1, 200), (0, 400), (1, 400)):
        service.clock.advance(timedelta(milliseconds=1))
        answer = await complete(service, await mfa_token(service, user), code=app.code(service, later))
        assert answer.status_code == status, (later, answer.text)


@pytest.mark.parametrize("kind", ["code", "recovery_code"])
async def test_one_of_fifty_sign_ins_with_one_code_succeeds(start_service: StartService, kind: str) -> None:
    service = await start_service(rate_limits=False)
    user = service.people.user
    app = await protected(service, user)
    before = service.sql("SELECT count(*) FROM user_sessions")
    tokens = [await mfa_token(service, user) for _ in range(50)]
    proof = {kind: app.code(service) if kind == "code" else app.recovery_codes[0]}
    answers = await asyncio.gather(*(complete(service, token, **proof) for token in tokens))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    assert service.sql("SELECT count(*) FROM user_sessions") == [(before[0][0] + 1,)]


async def test_one_token_signs_in_once_with_ten_recovery_codes_at_once(start_service: StartService) -> None:
    service = await start_service(rate_limits=False)
    user = service.people.user
    app = await protected(service, user)
    token = await mfa_token(service, user)
    answers = await asyncio.gather(*(complete(service, token, recovery_code=code) for code in app.recovery_codes))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 9}
    assert (await factors_of(service, user))["recovery_codes_left"] == 9


async def test_guesses_from_all_sides_are_limited_to_five(start_service: StartService) -> None:
    service = await start_service(rate_limits=True)
    user = service.people.user
    app = await protected(service, user)
    token = await mfa_token(service, user)
    for n in range(5):
        answer = await service.post("/auth/reauthenticate", {"code": app.code(service, 7 + n)}, by=user)
        assert_problem(answer, 400, "incorrect_factor")
    assert_problem(await complete(service, token, code=app.code(service)), 429, "rate_limited")
    answer = await service.post("/auth/reauthenticate", {"recovery_code": app.recovery_codes[0]}, by=user)
    assert_problem(answer, 429, "rate_limited")
    assert (await factors_of(service, user))["recovery_codes_left"] == 10


async def test_the_first_factor_must_be_right_and_from_the_same_network(service: Service) -> None:
    user = service.people.user
    app = await protected(service, user)
    assert_problem(await service.log_in(user.email, "wrong-otter-41"), 401, "invalid_credentials")
    token = await mfa_token(service, user, peer="198.51.100.7")
    assert_problem(await complete(service, token, code=app.code(service)), 400, "invalid_mfa_token")
    assert_problem(await complete(service, token[:-4] + "AAAA", code=app.code(service)), 400, "invalid_mfa_token")
    service.clock.advance(timedelta(minutes=5))
    late = await service.post(
        "/auth/login/factor", {"mfa_token": token, "code": app.code(service)}, peer="198.51.100.7"
    )
    assert_problem(late, 400, "invalid_mfa_token")


async def test_exactly_one_second_factor_is_given(service: Service) -> None:
    token = "a" * 43
    assert_refused_field(await complete(service, token), "code", "required")
    both = await complete(service, token, code="123456", recovery_code="ABCDEFGHJK")
    assert_refused_field(both, "code", "contradiction")
    assert_refused_field(await complete(service, token, code="12345"), "code", "invalid_totp_code")
    answer = await complete(service, token, recovery_code="short")
    assert_refused_field(answer, "recovery_code", "invalid_recovery_code")
    answer = await service.post("/auth/reauthenticate", {}, by=service.people.user)
    assert_refused_field(answer, "password", "required")


async def test_factors_change_only_after_both_were_proved(service: Service) -> None:
    """A stolen password and an old session take no factor away."""
    user = service.people.user
    old = await service.signed_in(user)
    app = await protected(service, user)
    answer = await service.delete(f"/auth/factors/{app.id}", by=old)
    assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["otp", "recovery"]
    raised = tokens_in(await service.post("/auth/reauthenticate", {"code": app.code(service)}, by=old))
    assert raised.claims["acr"] == "aal2"
    assert (await service.delete(f"/auth/factors/{app.id}", by=old)).status_code == 200
    assert await factors_of(service, user) == {"factors": [], "recovery_codes_left": 0}
    tokens_in(await service.log_in(user.email))


async def test_new_recovery_codes_make_the_older_ones_void(service: Service) -> None:
    user = service.people.user
    app = await protected(service, user)
    answer = await service.post("/auth/recovery-codes", by=user)
    codes = answer.json()["recovery_codes"]
    assert len(codes) == 10
    assert not set(codes) & set(app.recovery_codes)
    old = await complete(service, await mfa_token(service, user), recovery_code=app.recovery_codes[0])
    assert_problem(old, 400, "incorrect_factor")
    tokens_in(await complete(service, await mfa_token(service, user), recovery_code=codes[0]))


async def test_a_confirmation_that_is_sent_again_brings_the_same_codes(service: Service) -> None:
    """A lost response must not take the recovery codes along."""
    user = service.people.user
    app = await pending(service, user)
    first = await confirm(service, app, user)
    again = await confirm(service, app, user)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len(again.json()["recovery_codes"]) == 10
    other = await service.post(f"/auth/factors/{app.id}/confirm", {"code": "000000"}, by=user)
    assert_problem(other, 409, "factor_confirmed")
    service.clock.advance(timedelta(minutes=10))
    assert "recovery_codes" not in (await confirm(service, app, await service.refreshed(user))).json()


async def test_fifty_confirmations_at_once_bring_the_same_codes(service: Service) -> None:
    user = service.people.user
    app = await pending(service, user)
    answers = await asyncio.gather(*(confirm(service, app, user) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert len({answer.text for answer in answers}) == 1
    assert (await factors_of(service, user))["recovery_codes_left"] == 10


async def test_other_sessions_end_on_request(service: Service) -> None:
    user = service.people.user
    other = await service.signed_in(user)
    app = await pending(service, user)
    assert (await confirm(service, app, user, end_other_sessions=True)).status_code == 200
    assert not await service.works(other)
    assert await service.works(user)


async def test_secrets_and_codes_are_nowhere_in_clear(service: Service) -> None:
    """LOG-01: not in the database, and not in any file."""
    app = await protected(service, service.people.user)
    stored = service.stored()
    assert b32decode(app.secret) not in stored
    for text in (app.secret, *app.recovery_codes, *(code.replace("-", "") for code in app.recovery_codes)):
        assert text.encode() not in stored


async def test_support_takes_the_factors_away(service: Service) -> None:
    user, admin = service.people.user, service.people.admin
    app = await protected(service, user)
    token = await mfa_token(service, user)
    assert (await service.delete(f"/users/{user.id}/factors", by=admin)).status_code == 200
    assert not await service.works(user)
    assert_problem(await complete(service, token, code=app.code(service)), 400, "incorrect_factor")
    tokens = tokens_in(await service.log_in(user.email))
    assert await factors_of(service, tokens) == {"factors": [], "recovery_codes_left": 0}
    (event,) = await service.events("&type=factor.reset")
    assert (event["subject_id"], event["actor_id"]) == (user.id, admin.id)
    subjects = [mail["subject"] for mail in await service.mails(user.email)]
    assert "The second factors of your account at Bukhindor were removed" in subjects


async def test_only_one_own_factor_is_removed(service: Service) -> None:
    user, other = service.people.user, service.people.other
    app = await protected(service, user)
    for which in (MISSING, app.id, app.id.upper(), "x"):
        answer = await service.delete(f"/auth/factors/{which}", by=other)
        assert_problem(answer, 404, "factor_not_found")
    assert len((await factors_of(service, user))["factors"]) == 1


async def test_the_export_lists_factors_without_their_secrets(service: Service) -> None:
    """DP-01"""
    user = service.people.user
    app = await protected(service, user)
    answer = await service.get("/auth/me/export", by=user)
    listed = await factors_of(service, user)
    assert {name: answer.json()[name] for name in listed} == listed
    assert not any(secret in answer.text for secret in (app.secret, *app.recovery_codes))


async def test_everything_goes_with_the_account(service: Service) -> None:
    user = service.people.user
    await protected(service, user)
    await pending(service, user)
    assert (await service.delete("/auth/me", {"password": PASSWORD}, by=user)).status_code == 200
    assert service.sql("SELECT count(*) FROM factors") == [(0,)]
    assert service.sql("SELECT count(*) FROM recovery_codes") == [(0,)]


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_refusals_speak_the_language_of_the_client(service: Service, language: str) -> None:
    user = service.people.user
    await protected(service, user)
    answer = await service.log_in(user.email, headers={"accept-language": language})
    assert ("authenticator app" in answer.json()["detail"]) is (language == "en")
