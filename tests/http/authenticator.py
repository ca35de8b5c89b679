"""An authenticator app in the hand of a person, and what they do with it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pyotp

from tests.http.answers import assert_problem
from tests.http.service import PASSWORD, Json, Person, Service, Tokens, tokens_in


@dataclass(frozen=True)
class App:
    """An authenticator app that has read the QR code, and the recovery codes that came with it."""

    id: str
    secret: str
    recovery_codes: list[str]

    def code(self, service: Service, later: int = 0) -> str:
        """The code that it shows now, or so many steps of 30 seconds later."""
        return pyotp.TOTP(self.secret).at(service.clock.now() + timedelta(seconds=30 * later))


async def pending(service: Service, by: Tokens, name: str | None = None) -> App:
    answer = await service.post("/auth/factors/totp", {"name": name}, by=by)
    assert answer.status_code == 201, answer.text
    return App(answer.json()["id"], answer.json()["secret"], [])


async def confirm(service: Service, app: App, by: Tokens, **more: object) -> httpx.Response:
    return await service.post(f"/auth/factors/{app.id}/confirm", {"code": app.code(service), **more}, by=by)


async def protected(service: Service, person: Person) -> App:
    """The account asks for a second factor from now on; the app's next code is valid."""
    app = await pending(service, person)
    answer = await confirm(service, app, person)
    assert answer.status_code == 200, answer.text
    service.clock.advance(timedelta(seconds=30))
    return App(app.id, app.secret, answer.json()["recovery_codes"])


async def mfa_token(service: Service, person: Person, **how: Any) -> str:
    problem = assert_problem(await service.log_in(person.email, **how), 403, "mfa_required")
    assert problem["factors"] == ["totp", "recovery_code"]
    token: str = problem["mfa_token"]
    return token


async def complete(service: Service, token: str, **proof: str | None) -> httpx.Response:
    return await service.post("/auth/login/factor", {"mfa_token": token, **proof})


async def factors_of(service: Service, by: Tokens) -> Json:
    found: Json = (await service.get("/auth/factors", by=by)).json()
    return found


async def answers_about_factors(service: Service) -> list[tuple[str, httpx.Response]]:
    """Real answers of every operation that is about factors, each with the name of its operation."""
    admin = service.people.admin
    body = {"name": "Mia", "email": "mia@example.org", "password": PASSWORD}
    mia = (await service.post("/users", body, by=admin)).json()
    tokens = tokens_in(await service.log_in(mia["email"]))
    app = await pending(service, tokens, "Old phone")
    confirmed = await confirm(service, app, tokens)
    app = App(app.id, app.secret, confirmed.json()["recovery_codes"])
    half = await service.log_in(mia["email"])
    code = {"mfa_token": half.json()["mfa_token"], "recovery_code": app.recovery_codes[0]}
    return [
        ("add_totp", await service.post("/auth/factors/totp", by=tokens)),
        ("add_totp", await service.post("/auth/factors/totp", {"name": ""}, by=tokens)),
        ("confirm_factor", confirmed),
        ("confirm_factor", await service.post(f"/auth/factors/{app.id}/confirm", {"code": "000000"}, by=tokens)),
        ("list_factors", await service.get("/auth/factors", by=tokens)),
        ("login", half),
        ("login_with_factor", await service.post("/auth/login/factor", code)),
        ("login_with_factor", await service.post("/auth/login/factor", code)),
        ("reauthenticate", await service.post("/auth/reauthenticate", {"code": "000000"}, by=tokens)),
        ("renew_recovery_codes", await service.post("/auth/recovery-codes", by=tokens)),
        ("export_me", await service.get("/auth/me/export", by=tokens)),
        ("remove_factor", await service.delete(f"/auth/factors/{app.id}", by=tokens)),
        ("remove_factor", await service.delete(f"/auth/factors/{app.id}", by=tokens)),
        ("reset_user_factors", await service.delete(f"/users/{mia['id']}/factors", by=admin)),
    ]
