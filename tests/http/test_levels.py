"""What each level of sign-in may do: a row for every endpoint, and a request for every dangerous act"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio

from bukhindor.domain.act import Act
from bukhindor.web.endpoint.row import Page
from bukhindor.web.endpoint.row import Row as TableRow
from tests.http.answers import assert_problem
from tests.http.authenticator import mfa_token, protected
from tests.http.databases import SqliteDatabase, SqliteDatabases
from tests.http.patience import patient_services
from tests.http.service import PASSWORD, Json, Person, Service, started
from tests.http.test_access_matrix import EVERY_ROW, MATRIX, MISSING, a_wrong_passkey, everybody, key, paths_of
from tests.http.test_own_pages import FORM_TOKEN, OWN

NEW_PASSWORD = "scarlet-heron-77"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BY_KEY = {key(row): row for row in EVERY_ROW}


class Level(StrEnum):
    """What the administrator has proved. HALF has the password right and owes the second factor."""

    NONE = "none"
    HALF = "half"
    ONE = "aal1"
    ONE_STALE = "aal1 stale"
    ONE_OF_TWO = "aal1 of an account with a factor"
    TWO = "aal2"
    TWO_STALE = "aal2 stale"

    def is_enough_for(self, act: Act) -> bool:
        """Whether a session of this level may carry out an act without a proof in the request."""
        if self is Level.TWO:
            return True
        return self is Level.ONE and act not in (Act.CHANGE_PASSWORD, Act.CHANGE_EMAIL, Act.DELETE_ACCOUNT)


NO_SESSION = (Level.NONE, Level.HALF)


@dataclass(frozen=True)
class Deed:
    """A request that carries out an act. `status` is the response to who may, `with_factor` where a factor matters.

    `sent` is a body, or the fields of a form. With `is_proved` the request has the password in it. With
    `without_password` the account has none.
    """

    act: Act
    status: int
    sent: Json | None = None
    whose: str = ""
    with_factor: int | None = None
    is_proved: bool = False
    without_password: bool = False

    def status_at(self, level: Level) -> int:
        if self.with_factor is not None and level in (Level.ONE_OF_TWO, Level.TWO, Level.TWO_STALE):
            return self.with_factor
        return self.status


_MOVED, _NEW = {"email": "moved@example.com"}, {"new_email": "moved@example.com"}
_CHANGES = (
    Deed(Act.CHANGE_EMAIL, 200, {"name": "Ada", **_MOVED}, whose="admin"),
    Deed(Act.CHANGE_EMAIL_OF_OTHER, 200, {"name": "Otto", **_MOVED}, whose="other"),
    Deed(Act.CHANGE_ROLE, 200, {"name": "Otto", "role": "admin"}, whose="other"),
    Deed(Act.CHANGE_STATUS, 200, {"name": "Otto", "status": "banned"}, whose="other"),
)
_CHANGED = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
_FIRST = {"new_password": NEW_PASSWORD}
# fmt: off
DEEDS = {
    "POST /auth/change-password": (Deed(Act.CHANGE_PASSWORD, 200, _CHANGED, is_proved=True),),
    "PUT /auth/password": (Deed(Act.ADD_PASSWORD, 200, _FIRST, without_password=True),),
    "DELETE /auth/me": (Deed(Act.DELETE_ACCOUNT, 409),),
    "POST /auth/me/delete": (Deed(Act.DELETE_ACCOUNT, 409, {}),),
    "POST /auth/factors/totp": (Deed(Act.ADD_FACTOR, 201),),
    "POST /auth/factors/{factor_id}/confirm": (Deed(Act.ADD_FACTOR, 404, {"code": "123456"}),),
    "DELETE /auth/factors/{factor_id}": (Deed(Act.REMOVE_FACTOR, 404),),
    "POST /auth/recovery-codes": (Deed(Act.RENEW_RECOVERY_CODES, 409, with_factor=200),),
    "POST /auth/passkeys/options": (Deed(Act.ADD_PASSKEY, 200),),
    "POST /auth/passkeys": (Deed(Act.ADD_PASSKEY, 400, {"challenge_id": "bkc_x"}),),
    "PATCH /auth/passkeys/{passkey_id}": (Deed(Act.RENAME_PASSKEY, 404, {"name": "Phone"}),),
    "DELETE /auth/passkeys/{passkey_id}": (Deed(Act.REMOVE_PASSKEY, 404),),
    "POST /auth/identities/{identity}": (Deed(Act.LINK_IDENTITY, 404, {"id_token": "x", "nonce": "x"}),),
    "DELETE /auth/identities/{identity}": (Deed(Act.UNLINK_IDENTITY, 404),),
    "POST /auth/change-email": (Deed(Act.CHANGE_EMAIL, 200, _NEW),),
    "POST /users": (Deed(Act.CREATE_ADMIN, 201, {"name": "Nina", "email": "nina@example.org", "password": PASSWORD,
                                                 "role": "admin"}),),
    "POST /users/invitations": (Deed(Act.CREATE_ADMIN, 201, {"email": "nina@example.org", "role": "admin"}),),
    "PUT /users/{user_id}": _CHANGES,
    "PATCH /users/{user_id}": _CHANGES,
    "DELETE /users/{user_id}": (Deed(Act.DELETE_ACCOUNT, 409, whose="admin"),
                                Deed(Act.DELETE_USER, 200, whose="other")),
    "DELETE /users/{user_id}/sessions": (Deed(Act.END_SESSIONS_OF_OTHER, 200, whose="other"),),
    "DELETE /users/{user_id}/factors": (Deed(Act.RESET_FACTORS, 200, whose="other"),),
    "POST /account/passkeys/rename": (Deed(Act.RENAME_PASSKEY, 404, {"passkey": MISSING, "name": "Phone"}),),
    "POST /account/passkeys/remove": (Deed(Act.REMOVE_PASSKEY, 404, {"passkey": MISSING}),),
    "POST /account/identities/connect": (Deed(Act.LINK_IDENTITY, 404, {"provider": "google"}),),
    "GET /account/identities/connected": (Deed(Act.LINK_IDENTITY, 401),),
    "POST /account/identities/disconnect": (Deed(Act.UNLINK_IDENTITY, 404, {"identity": MISSING}),),
    "POST /account/factors": (Deed(Act.ADD_FACTOR, 200, {"name": "Phone"}),),
    "POST /account/factors/confirm": (Deed(Act.ADD_FACTOR, 404, {"factor": MISSING, "code": "123456"}),),
    "POST /account/factors/remove": (Deed(Act.REMOVE_FACTOR, 404, {"factor": MISSING}),),
    "POST /account/factors/recovery-codes": (Deed(Act.RENEW_RECOVERY_CODES, 409, {}, with_factor=200),),
    "POST /account/password": (Deed(Act.CHANGE_PASSWORD, 200, _CHANGED, is_proved=True),
                               Deed(Act.ADD_PASSWORD, 303, _FIRST, without_password=True)),
    "POST /account/address": (Deed(Act.CHANGE_EMAIL, 200, _NEW),),
    "POST /account/delete": (Deed(Act.DELETE_ACCOUNT, 409, {}),),
}
# fmt: on
# Their requests in the access matrix carry out an act without a password; here they are among the deeds.
ACTING = {
    "POST /auth/factors/totp",
    "POST /auth/factors/{factor_id}/confirm",
    "DELETE /auth/factors/{factor_id}",
    "POST /auth/recovery-codes",
    "POST /auth/passkeys/options",
    "POST /auth/passkeys",
    "PATCH /auth/passkeys/{passkey_id}",
    "DELETE /auth/passkeys/{passkey_id}",
    "POST /auth/identities/{identity}",
    "DELETE /auth/identities/{identity}",
    "GET /account/identities/connected",
    "DELETE /users/{user_id}/sessions",
    "DELETE /users/{user_id}/factors",
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A running service, the administrator at one level, and the database as it was then."""

    service: Service
    level: Level
    caller: Person | None
    mfa_token: str | None
    form_token: str
    copy: Path

    async def ask(self, row: TableRow, path: str, sent: Json | bytes | None) -> httpx.Response:
        """One request with the token of this level; bytes are a form."""
        how: Json = {"content": sent, "headers": FORM} if isinstance(sent, bytes) else {"body": sent}
        return await self.service.ask(row.method, path, by=self.caller or self.mfa_token, **how)

    async def carry_out(self, row: TableRow, path: str, deed: Deed) -> httpx.Response:
        """Send a deed as a client of the API or the own page does."""
        if not isinstance(row, Page):
            return await self.ask(row, path, deed.sent)
        assert self.caller is not None
        headers = OWN | {"cookie": f"access_token={self.caller.access_token}"}
        form = urlencode({"form_token": self.form_token, **(deed.sent or {})}).encode()
        return await self.service.ask(row.method, path, content=form, headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Level))
async def level_scene(
    request: pytest.FixtureRequest, sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    level, folder = request.param, tmp_path_factory.mktemp("levels")
    database = sqlite_databases.lend(folder)
    with patient_services():
        async with started(database, sqlite_databases.people, folder) as service:
            yield await scene_of(service, level, database, folder / "as-it-was.db")


async def scene_of(service: Service, level: Level, database: SqliteDatabase, copy: Path) -> Scene:
    """Bring the administrator to a level."""
    admin: Person | None = service.people.admin
    assert admin is not None
    half, page = None, ""
    if level is Level.ONE_OF_TWO:
        earlier = await service.signed_in(admin)
        await protected(service, admin)
        admin = replace(admin, access_token=earlier.access_token, refresh_token=earlier.refresh_token)
    elif level in (Level.HALF, Level.TWO, Level.TWO_STALE):
        await protected(service, admin)
    if level in (Level.ONE_STALE, Level.TWO_STALE):
        service.clock.advance(timedelta(minutes=10))
    if level in NO_SESSION:
        half, admin = await mfa_token(service, admin) if level is Level.HALF else None, None
    else:
        page = (await service.ask("GET", "/account", by=admin)).text
    found = FORM_TOKEN.search(page)
    # No mail may leave between two requests.
    await service.mails()
    database.keep(copy)
    return Scene(service, level, admin, half, found[1] if found else "", copy)


@pytest.fixture
def scene(level_scene: Scene) -> Scene:
    """The scene as it was before any test."""
    database = level_scene.service.database
    assert isinstance(database, SqliteDatabase)
    database.put_back(level_scene.copy)
    return level_scene


def deed_name(value: object) -> str:
    return value.act.value if isinstance(value, Deed) else str(value)


def test_every_dangerous_act_of_a_row_has_a_request() -> None:
    """AZ-01, SES-06"""
    assert {name: {deed.act for deed in deeds} for name, deeds in DEEDS.items()} == {
        key(row): set(row.acts) for row in EVERY_ROW if row.acts
    }
    assert set(DEEDS) > ACTING


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("endpoint", [row for row in EVERY_ROW if key(row) not in ACTING], ids=key)
async def test_without_a_dangerous_act_all_sessions_get_the_answer_of_the_matrix(
    scene: Scene, endpoint: TableRow
) -> None:
    """AZ-01: what has no session gets what anonymous callers get; the level of a session changes nothing."""
    row = MATRIX[key(endpoint)]
    anonymous, *_, admin = row.answers.split()
    expected = [int(status) for status in (anonymous if scene.level in NO_SESSION else admin).split("/")]
    body = None if row.body is None else row.body(scene.service.people)
    paths = paths_of(endpoint, scene.service.people, scene.caller)
    for path, status in zip(paths, expected * (len(paths) // len(expected)), strict=True):
        before = everybody(scene.service)
        answer = await scene.ask(endpoint, path, body)
        assert answer.status_code == status, f"{path}: {answer.text}"
        assert status < 400 or everybody(scene.service) == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("name", "deed"), [(name, deed) for name, deeds in DEEDS.items() for deed in deeds], ids=deed_name
)
async def test_a_dangerous_act_needs_the_level_that_its_row_names(scene: Scene, name: str, deed: Deed) -> None:
    """SES-06: a refusal names the way to prove more, and changes nothing."""
    endpoint, service, admin = BY_KEY[name], scene.service, scene.service.people.admin
    if deed.without_password:
        await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", admin.email)
    whose = getattr(service.people, deed.whose or "admin").id
    path = endpoint.path
    for part, value in (("user_id", whose), ("factor_id", MISSING), ("passkey_id", MISSING), ("identity", MISSING)):
        path = path.replace(f"{{{part}}}", value)
    sent = replace(deed, sent=a_wrong_passkey(service.people)) if name == "POST /auth/passkeys" else deed
    before = everybody(service)
    if scene.level in NO_SESSION:
        is_page = isinstance(endpoint, Page)
        answer = await scene.ask(endpoint, path, b"form_token=a" if is_page else sent.sent)
        leads_to_sign_in = is_page and endpoint.method == "GET"
        assert answer.status_code == (303 if leads_to_sign_in else 403 if is_page else 401)
        assert everybody(service) == before
        return
    answer = await scene.carry_out(endpoint, path, sent)
    if deed.is_proved or scene.level.is_enough_for(deed.act):
        assert answer.status_code == deed.status_at(scene.level), answer.text
        assert "sign-in" not in answer.headers.get("location", "")
        return
    assert everybody(service) == before
    if isinstance(endpoint, Page):
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/account/sign-in")
        return
    methods = assert_problem(answer, 403, "reauthentication_required")["methods"]
    first = [] if scene.level is Level.ONE_OF_TWO else ["mail" if deed.without_password else "pwd"]
    assert methods == first + ([] if scene.level in (Level.ONE, Level.ONE_STALE) else ["otp", "recovery"])
    assert await service.works(admin)
