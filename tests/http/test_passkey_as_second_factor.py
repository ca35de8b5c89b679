"""POST /auth/login/factor with a passkey"""

from tests.http.answers import assert_problem
from tests.http.authenticator import protected
from tests.http.passkey_scenes import add, on_the_web, proof
from tests.http.service import Service, tokens_in


async def test_a_passkey_completes_a_sign_in_with_the_password(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    await add(service, device, user)
    await protected(service, user)
    half = assert_problem(await service.log_in(user.email), 403, "mfa_required")
    assert half["factors"] == ["totp", "recovery_code", "passkey"]
    body = {"mfa_token": half["mfa_token"], **await proof(service, device)}
    answer = await service.post("/auth/login/factor", body)
    assert answer.status_code == 200
    claims = tokens_in(answer).claims
    assert (claims["amr"], claims["acr"]) == (["pwd", "passkey"], "aal2")
    assert_problem(await service.post("/auth/login/factor", body), 400, "invalid_mfa_token")


async def test_a_passkey_of_another_account_completes_nothing(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    await add(service, device, service.people.other)
    await protected(service, user)
    half = assert_problem(await service.log_in(user.email), 403, "mfa_required")
    assert half["factors"] == ["totp", "recovery_code"]
    body = {"mfa_token": half["mfa_token"], **await proof(service, device)}
    assert_problem(await service.post("/auth/login/factor", body), 400, "passkey_not_accepted")
    for several in ({"code": "123456"}, {"recovery_code": "K3M9P-7T2QX"}):
        assert (await service.post("/auth/login/factor", body | several)).status_code == 400
