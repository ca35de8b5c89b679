"""MFA_REQUIRED: a session without a second factor may see itself and add one, and nothing else"""

import re

import pytest

from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.endpoint.row import Access, Endpoint
from tests.http.answers import assert_problem
from tests.http.authenticator import App, complete, confirm, mfa_token, pending, protected
from tests.http.conftest import StartService
from tests.http.service import tokens_in
from tests.http.test_access_matrix import MISSING, key

OPEN = {
    "POST /auth/passkeys/options", "POST /auth/passkeys", "GET /auth/passkeys",
    "POST /auth/reauthenticate", "POST /auth/logout-all", "GET /auth/me", "GET /auth/sessions",
    "DELETE /auth/sessions/{session_id}", "GET /auth/factors", "POST /auth/factors/totp",
    "POST /auth/factors/{factor_id}/confirm", "DELETE /auth/factors/{factor_id}", "POST /auth/recovery-codes",
    # Of guests from before the setting.
    "POST /auth/guest/upgrade",
}  # fmt: skip
SIGNED_IN = [row for row in ENDPOINTS if row.access in (Access.SIGNED_IN, Access.ADMIN)]


def path_of(endpoint: Endpoint) -> str:
    return re.sub(r"{\w+}", MISSING, endpoint.path)


def test_few_endpoints_are_open_to_a_session_without_a_second_factor() -> None:
    assert {key(row) for row in ENDPOINTS if row.accepts_single_factor} == OPEN


@pytest.mark.parametrize("endpoint", SIGNED_IN, ids=key)
async def test_an_endpoint_admits_such_a_session_only_if_it_is_open(
    start_service: StartService, endpoint: Endpoint
) -> None:
    service = await start_service(mfa_required="all")
    answer = await service.ask(endpoint.method, path_of(endpoint), by=service.people.admin)
    if key(endpoint) in OPEN:
        assert answer.status_code < 500
        assert answer.json().get("error_code") not in ("mfa_enrollment_required", "forbidden")
    else:
        assert_problem(answer, 403, "mfa_enrollment_required")


@pytest.mark.parametrize("endpoint", SIGNED_IN, ids=key)
async def test_a_half_signed_in_client_is_no_one(start_service: StartService, endpoint: Endpoint) -> None:
    service = await start_service()
    await protected(service, service.people.admin)
    token = await mfa_token(service, service.people.admin)
    assert_problem(await service.ask(endpoint.method, path_of(endpoint), by=token), 401, "invalid_token")
    assert_problem(await service.ask(endpoint.method, path_of(endpoint)), 401, "not_authenticated")


async def test_a_person_adds_the_factor_and_goes_on(start_service: StartService) -> None:
    service = await start_service(mfa_required="admins")
    admin, user = service.people.admin, service.people.user
    assert await service.works(user)
    assert (await service.get("/users", by=user)).json()["error_code"] == "forbidden"
    assert_problem(await service.get("/users", by=admin), 403, "mfa_enrollment_required")
    assert await service.works(admin)
    assert tokens_in(await service.refresh(admin)).claims["acr"] == "aal1"

    app = await pending(service, admin)
    codes = (await confirm(service, app, admin)).json()["recovery_codes"]
    assert (await service.get("/users", by=admin)).status_code == 200
    app = App(app.id, app.secret, codes)
    other = tokens_in(await complete(service, await mfa_token(service, admin), recovery_code=codes[0]))
    assert (await service.get("/users", by=other)).status_code == 200
    assert (await service.delete(f"/auth/factors/{app.id}", by=other)).status_code == 200


async def test_levels_decide_about_factors(start_service: StartService) -> None:
    """A session of level aal1, of aal2, and of aal2 whose sign-in is no longer fresh."""
    service = await start_service()
    user = service.people.user
    weak = await service.signed_in(user)
    app = await protected(service, user)
    acts = [("POST", "/auth/factors/totp"), ("POST", "/auth/recovery-codes"), ("DELETE", f"/auth/factors/{app.id}")]
    for method, path in acts:
        answer = await service.ask(method, f"/api/v1{path}", by=weak)
        assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["otp", "recovery"]
    service.clock.advance(service.settings.accounts.fresh_sign_in)
    for method, path in acts:
        answer = await service.ask(method, f"/api/v1{path}", by=user)
        assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["pwd", "otp", "recovery"]
    tokens_in(await service.post("/auth/reauthenticate", {"code": app.code(service)}, by=user))
    for method, path in acts:
        assert (await service.ask(method, f"/api/v1{path}", by=user)).is_success
