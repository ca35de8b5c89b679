"""Who may call which endpoint, on which account: one row for each endpoint, and none may be missing (AZ-01)."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.app import rows
from bukhindor.web.endpoint.row import Row as TableRow
from tests.http.answers import assert_problem
from tests.http.service import PASSWORD, Json, People, Person, Service

EVERY_ROW = rows(with_home=True, with_mailbox=True)
MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
A_START = f"redirect_uri=com.example.app:/signed-in&code_challenge={'a' * 43}"
CALLERS = ("anonymous", "inactive", "banned", "guest", "user", "admin")
Body = Callable[[People], Json | bytes]


@dataclass(frozen=True)
class Row:
    """The response to each caller, in the order of CALLERS.

    Where the path names a user and it matters which, a response has three parts: for a missing id, for another user's,
    for the caller's own.
    """

    answers: str
    body: Body | None = None


def renamed(_: People) -> Json:
    return {"name": "Renamed"}


def a_stranger(_: People) -> Json:
    return {"name": "Nina", "email": "nina@example.org", "password": PASSWORD}


def signing_in(people: People) -> Json:
    return {"email": people.other.email, "password": PASSWORD}


def refreshing(people: People) -> Json:
    return {"refresh_token": people.other.refresh_token}


def a_wrong_factor(_: People) -> Json:
    return {"mfa_token": "a" * 43, "code": "123456"}


def a_wrong_code(_: People) -> Json:
    return {"code": "123456"}


def new_password(_: People) -> Json:
    return {"current_password": PASSWORD, "new_password": "scarlet-heron-77"}


def own(_: People) -> Json:
    return {"password": PASSWORD}


def an_address(people: People) -> Json:
    return {"email": people.other.email}


def a_wrong_token(_: People) -> Json:
    return {"token": "a" * 43}


def a_wrong_form(_: People) -> bytes:
    return b"token=" + b"a" * 43 + b"&password=scarlet-heron-77"


def an_address_form(people: People) -> bytes:
    return urlencode({"email": people.other.email}).encode()


def a_password_form(people: People) -> bytes:
    """Without the headers of a browser, no page of ours has sent it."""
    return urlencode({"email": people.other.email, "password": PASSWORD}).encode()


def a_code_form(people: People) -> bytes:
    return urlencode({"email": people.other.email, "code": "12345678"}).encode()


def an_invitation(_: People) -> Json:
    return {"email": "nina@example.org"}


def no_invitation(_: People) -> Json:
    return {"token": "a" * 43, "name": "Nina", "password": "scarlet-heron-77"}


def a_claim(_: People) -> Json:
    return {"email": "nina@example.org", "password": "scarlet-heron-77"}


def a_factor_form(_: People) -> bytes:
    return b"mfa_token=" + b"a" * 43 + b"&code=123456"


def a_wrong_reset(_: People) -> Json:
    return {"token": "a" * 43, "new_password": "scarlet-heron-77"}


def another_address(_: People) -> Json:
    return {"new_email": "elsewhere@example.org", "password": PASSWORD}


def a_wrong_use(_: People) -> Json:
    said = {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}
    return {"challenge_id": "bkc_x", "credential": {"id": "AA", "response": said}}


def a_wrong_passkey(_: People) -> Json:
    said = {"clientDataJSON": "e30", "attestationObject": "AA"}
    return {"challenge_id": "bkc_x", "credential": {"id": "AA", "response": said}}


def a_wrong_exchange(_: People) -> Json:
    return {"code": "x", "code_verifier": "v" * 43}


def no_id_token(_: People) -> Json:
    return {"id_token": "x", "nonce": "x"}


def a_notice(_: People) -> Json:
    return {"payload": "x"}


# fmt: off
MATRIX = {
    #                                         anonymous inactive banned guest       user        admin
    "GET /health":                        Row("200       200      200    200         200         200"),
    "GET /health/live":                   Row("200       200      200    200         200         200"),
    "GET /health/ready":                  Row("200       200      200    200         200         200"),
    "GET /.well-known/jwks.json":         Row("200       200      200    200         200         200"),
    "GET /.well-known/openid-configuration": Row("200   200      200    200         200         200"),
    "GET /.well-known/oauth-authorization-server": Row("200 200  200    200         200         200"),
    "GET /auth/verify":                   Row("401       401      401    200         200         200"),
    "POST /auth/introspect":              Row("401       401      401    401         401         401", a_wrong_form),
    "POST /auth/register":                Row("201       201      201    201         201         201", a_stranger),
    "POST /auth/guest":                   Row("201       201      201    201         201         201"),
    "POST /auth/guest/upgrade":           Row("401       401      401    409         409         409", a_claim),
    "POST /auth/invitations/accept":      Row("400       400      400    400         400         400", no_invitation),
    "POST /auth/login":                   Row("200       200      200    200         200         200", signing_in),
    "POST /auth/login/factor":            Row("400       400      400    400         400         400", a_wrong_factor),
    "POST /auth/reauthenticate":         Row("401       401      401    200         200         200", own),
    "POST /auth/sign-in-code":            Row("200       200      200    200         200         200", an_address),
    "POST /auth/sign-in-code/confirm":    Row("400       400      400    400         400         400", a_wrong_token),
    "POST /auth/refresh":                 Row("200       200      200    200         200         200", refreshing),
    "POST /auth/logout":                  Row("401       200      200    200         200         200"),
    "POST /auth/revoke":                  Row("200       200      200    200         200         200", a_wrong_form),
    "POST /auth/logout-all":              Row("401       401      401    200         200         200"),
    "POST /auth/lockdown":                Row("401       401      401    200         200         200"),
    "GET /auth/me":                       Row("401       401      401    200         200         200"),
    "PATCH /auth/me":                     Row("401       401      401    403         200         200", renamed),
    "GET /auth/sessions":                 Row("401       401      401    200         200         200"),
    "DELETE /auth/sessions/{session_id}": Row("401       401      401    404/404/200 404/404/200 404/404/200"),
    "POST /auth/change-password":         Row("401       401      401    200         200         200", new_password),
    "PUT /auth/password":                 Row("401       401      401    409         409         409", new_password),
    "DELETE /auth/me":                    Row("401       401      401    200         200         409", own),
    "POST /auth/me/delete":               Row("401       401      401    200         200         409", own),
    "GET /auth/me/export":                Row("401       401      401    200         200         200"),
    "GET /auth/factors":                  Row("401       401      401    200         200         200"),
    "POST /auth/factors/totp":            Row("401       401      401    201         201         201"),
    "POST /auth/factors/{factor_id}/confirm": Row("401   401      401    404         404         404", a_wrong_code),
    "DELETE /auth/factors/{factor_id}":   Row("401       401      401    404         404         404"),
    "POST /auth/recovery-codes":          Row("401       401      401    409         409         409"),
    "POST /auth/passkeys/sign-in/options": Row("200     200      200    200         200         200"),
    "POST /auth/passkeys/sign-in":       Row("401       401      401    401         401         401", a_wrong_use),
    "POST /auth/passkeys/options":       Row("401       401      401    200         200         200"),
    "POST /auth/passkeys":               Row("401       401      401    400         400         400", a_wrong_passkey),
    "GET /auth/passkeys":                Row("401       401      401    200         200         200"),
    "PATCH /auth/passkeys/{passkey_id}": Row("401       401      401    404         404         404", renamed),
    "DELETE /auth/passkeys/{passkey_id}": Row("401      401      401    404         404         404"),
    "POST /auth/identities/{provider}/token": Row("404   404      404    404         404         404", no_id_token),
    "GET /auth/identities/{provider}/start": Row("404    404      404    404         404         404"),
    "GET /auth/identities/{provider}/callback": Row("404 404      404    404         404         404"),
    "POST /auth/identities/{provider}/callback": Row("404 404     404    404         404         404", a_wrong_form),
    "POST /auth/identities/exchange":    Row("401       401      401    401         401         401", a_wrong_exchange),
    "POST /auth/identities/apple/notifications": Row("404 404    404    404         404         404", a_notice),
    "GET /auth/identities":               Row("401       401      401    200         200         200"),
    "POST /auth/identities/{identity}":   Row("401       401      401    404         404         404", no_id_token),
    "DELETE /auth/identities/{identity}": Row("401       401      401    404         404         404"),
    "POST /auth/reset-password":          Row("200       200      200    200         200         200", an_address),
    "POST /auth/forgot-password":         Row("200       200      200    200         200         200", an_address),
    "POST /auth/reset-password/confirm":  Row("400       400      400    400         400         400", a_wrong_reset),
    "POST /auth/verify-email":            Row("200       200      200    200         200         200", an_address),
    "POST /auth/verify-email/confirm":    Row("400       400      400    400         400         400", a_wrong_token),
    "POST /auth/change-email":            Row("401       401      401    200         200         200", another_address),
    "POST /auth/change-email/confirm":    Row("400       400      400    400         400         400", a_wrong_token),
    "GET /users":                         Row("401       401      401    403         403         200"),
    "POST /users":                        Row("401       401      401    403         403         201", a_stranger),
    "GET /users/invitations":             Row("401       401      401    403         403         200"),
    "POST /users/invitations":            Row("401       401      401    403         403         201", an_invitation),
    "DELETE /users/invitations/{invitation_id}": Row("401 401    401    403         403         404"),
    "GET /users/{user_id}":               Row("401       401      401    404/404/200 404/404/200 404/200/200"),
    "PUT /users/{user_id}":               Row("401       401      401    404/404/403 404/404/200 404/200/200", renamed),
    "PATCH /users/{user_id}":             Row("401       401      401    404/404/403 404/404/200 404/200/200", renamed),
    "DELETE /users/{user_id}":            Row("401       401      401    404/404/200 404/404/200 404/200/409", own),
    "GET /users/{user_id}/identities":    Row("401       401      401    403         403         404/200/200"),
    "GET /users/{user_id}/sessions":      Row("401       401      401    403         403         404/200/200"),
    "DELETE /users/{user_id}/sessions":   Row("401       401      401    403         403         404/200/200"),
    "DELETE /users/{user_id}/factors":    Row("401       401      401    403         403         404/200/200"),
    "POST /users/{user_id}/reset-password": Row("401     401      401    403         403         404/200/200"),
    "GET /audit-events":                  Row("401       401      401    403         403         200"),
    "GET /docs":                          Row("200       200      200    200         200         200"),
    "GET /docs/{name}":                   Row("404       404      404    404         404         404"),
    "GET /openapi.json":                  Row("200       200      200    200         200         200"),
    "GET /favicon.ico":                   Row("200       200      200    200         200         200"),
    "GET /account/assets/{name}":         Row("404       404      404    404         404         404"),
    "GET /account/reset-password":        Row("400       400      400    400         400         400"),
    "POST /account/reset-password":       Row("400       400      400    400         400         400", a_wrong_form),
    "POST /account/reset-password/new-mail": Row("200    200      200    200         200         200", an_address_form),
    "GET /account/verify-email":          Row("400       400      400    400         400         400"),
    "POST /account/verify-email":         Row("400       400      400    400         400         400", a_wrong_form),
    "POST /account/verify-email/without-password": Row("400 400   400    400         400         400", a_wrong_form),
    "POST /account/verify-email/new-mail": Row("200      200      200    200         200         200", an_address_form),
    "GET /account/change-email":          Row("400       400      400    400         400         400"),
    "POST /account/change-email":         Row("400       400      400    400         400         400", a_wrong_form),
    "GET /account/sign-in-code":          Row("400       400      400    400         400         400"),
    "POST /account/sign-in-code":         Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/sign-in-code/new-mail": Row("200      200      200    200         200         200", an_address_form),
    "GET /account/lockdown":              Row("400       400      400    400         400         400"),
    "POST /account/lockdown":             Row("400       400      400    400         400         400", a_wrong_form),
    "GET /account/invitation":            Row("400       400      400    400         400         400"),
    "POST /account/invitation":           Row("400       400      400    400         400         400", a_wrong_form),
    "GET /.well-known/apple-app-site-association": Row("404 404 404    404         404         404"),
    "GET /.well-known/assetlinks.json":  Row("404       404      404    404         404         404"),
    "GET /.well-known/webauthn":         Row("404       404      404    404         404         404"),
    "GET /account/sign-in":              Row("200       200      200    200         200         200"),
    "POST /account/sign-in":             Row("403       403      403    403         403         403", a_password_form),
    "POST /account/sign-in/factor":      Row("403       403      403    403         403         403", a_factor_form),
    "GET /account/sign-in/with/{provider}": Row("404     404      404    404         404         404"),
    "GET /account/sign-in/identity":     Row("401       401      401    401         401         401"),
    "GET /account/sign-in/forgotten":    Row("200       200      200    200         200         200"),
    "POST /account/sign-in/code":        Row("200       200      200    200         200         200", an_address_form),
    "POST /account/sign-in/code/confirm": Row("403      403      403    403         403         403", a_code_form),
    "GET /account":                      Row("303       303      303    200         200         200"),
    "POST /account/profile":             Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/sessions":             Row("303       303      303    200         200         200"),
    "POST /account/sessions":            Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/passkeys":             Row("303       303      303    200         200         200"),
    "POST /account/passkeys/rename":     Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/passkeys/remove":     Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/identities":           Row("303       303      303    200         200         200"),
    "POST /account/identities/connect":  Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/identities/connected": Row("303       303      303    401         401         401"),
    "POST /account/identities/disconnect": Row("403     403      403    403         403         403", a_wrong_form),
    "GET /account/factors":              Row("303       303      303    200         200         200"),
    "POST /account/factors":             Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/factors/confirm":     Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/factors/remove":      Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/factors/recovery-codes": Row("403    403      403    403         403         403", a_wrong_form),
    "GET /account/password":             Row("303       303      303    200         200         200"),
    "POST /account/password":            Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/address":              Row("303       303      303    200         200         200"),
    "POST /account/address":             Row("403       403      403    403         403         403", a_wrong_form),
    "GET /account/export":               Row("303       303      303    303         303         303"),
    "GET /account/delete":               Row("303       303      303    200         200         200"),
    "POST /account/delete":              Row("403       403      403    403         403         403", a_wrong_form),
    "POST /account/sign-out":            Row("403       403      403    403         403         403", a_wrong_form),
    "GET /":                              Row("200       200      200    200         200         200"),
    "GET /dev/mailbox":                   Row("200       200      200    200         200         200"),
    "GET /dev/mailbox.json":              Row("200       200      200    200         200         200"),
    "GET /dev/mailbox/{number}":          Row("404       404      404    404         404         404"),
    "GET /dev/mailbox/{number}/html":     Row("404       404      404    404         404         404"),
    "GET /dev/mailbox/{number}/source":   Row("404       404      404    404         404         404"),
}
# fmt: on
PROBLEMS = {
    400: {"validation_failed", "invalid_one_time_token", "invalid_mfa_token", "passkey_not_accepted"},
    401: {
        "not_authenticated",
        "invalid_passkey",
        "invalid_authorization_code",
        "invalid_token",
        "service_key_required",
        "invalid_service_key",
    },
    403: {"forbidden"},
    404: {
        "user_not_found",
        "session_not_found",
        "factor_not_found",
        "passkey_not_found",
        "invitation_not_found",
        "identity_not_found",
        "provider_not_found",
        "not_found",
    },
    409: {"password_exists", "last_admin", "no_factor", "not_a_guest"},
}


def key(endpoint: TableRow) -> str:
    return f"{endpoint.method} {endpoint.path.removeprefix('/api/v1')}"


def test_every_endpoint_has_a_row_and_every_row_an_endpoint() -> None:
    """AZ-01"""
    assert [key(row) for row in EVERY_ROW] == list(MATRIX)


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("endpoint", EVERY_ROW, ids=key)
async def test_the_answer_is_that_of_the_matrix(service: Service, endpoint: TableRow, who: str) -> None:
    """AZ-01 to AZ-03, AZ-13"""
    row = MATRIX[key(endpoint)]
    caller: Person | None = getattr(service.people, who, None)
    expected = [int(status) for status in row.answers.split()[CALLERS.index(who)].split("/")]
    body = None if row.body is None else row.body(service.people)
    paths = paths_of(endpoint, service.people, caller)
    if len(expected) == 1:
        expected *= len(paths)
    for path, status in zip(paths, expected, strict=True):
        before = everybody(service)
        if isinstance(body, bytes):
            form = {"content-type": "application/x-www-form-urlencoded"}
            answer = await service.ask(endpoint.method, path, content=body, headers=form, by=caller)
        else:
            answer = await service.ask(endpoint.method, path, body, by=caller)
        assert answer.status_code == status, f"{path}: {answer.text}"
        if status >= 400:
            assert everybody(service) == before
        if status >= 400 and path.startswith("/account/"):
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        elif status >= 400:
            problem = assert_problem(answer, status, answer.json()["error_code"])
            assert problem["error_code"] in PROBLEMS[status]


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.path.startswith("/api/")], ids=key)
async def test_the_other_prefix_leads_to_the_same(service: Service, endpoint: TableRow) -> None:
    """A front end's proxy takes /api away; the response tells the path that was asked for."""
    path = paths_of(endpoint, service.people, None)[0]
    long = await service.ask(endpoint.method, path, {})
    short = await service.ask(endpoint.method, path.removeprefix("/api"), {})
    assert (short.status_code, short.headers.get("allow")) == (long.status_code, long.headers.get("allow"))
    assert short.json().get("error_code") == long.json().get("error_code")
    assert short.is_success or short.json()["instance"] == path.removeprefix("/api").partition("?")[0]


def paths_of(endpoint: TableRow, people: People, caller: Person | None) -> list[str]:
    """The address for a missing id, another user's and the own one; one address where the path names no user."""
    own = caller or people.user
    if "{user_id}" in endpoint.path:
        ids = [MISSING, people.other.id, own.id]
        return [endpoint.path.replace("{user_id}", id_) for id_ in ids]
    if "{session_id}" in endpoint.path:
        ids = [MISSING, people.other.session_id, own.session_id]
        return [endpoint.path.replace("{session_id}", id_) for id_ in ids]
    path = endpoint.path
    for name in ("factor_id", "passkey_id", "invitation_id", "identity", "provider"):
        path = path.replace(f"{{{name}}}", MISSING)
    return [f"{path}?{A_START}" if path.endswith("/start") else path]


def everybody(service: Service) -> list[tuple[object, ...]]:
    """Who and what there is: a refused call must leave it as it was."""
    users = service.sql("SELECT id, email, name, role, status, password_hash FROM users ORDER BY id")
    return users + service.sql("SELECT id, user_id, generation FROM user_sessions ORDER BY id")
