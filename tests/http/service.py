"""The whole application over a real database, asked in-process; time moves only when a test says so."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx

from bukhindor.bootstrap.application import Application, create_application
from bukhindor.config import Settings
from bukhindor.domain.caller import Operator
from bukhindor.domain.device import Device
from bukhindor.domain.origin import NOWHERE
from bukhindor.domain.password import NewPassword
from bukhindor.domain.user import Role, Status, UserChanges
from tests.fakes.clock import FakeClock
from tests.makers import address

PUBLIC_URL = "http://localhost:8080"
API = "/api/v1"
PASSWORD = "violet-otter-41"
PEER = "203.0.113.9"
_SECRET = "kq3v8Zp1TnW6yRb0sXcJ4uLmGd9eHf2aQo7i"
_PATIENCE_SECONDS = 20

Json = dict[str, Any]


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gave. `session_id` is read from the access token."""

    access_token: str
    refresh_token: str

    @property
    def claims(self) -> Json:
        return segment(self.access_token, 1)

    @property
    def session_id(self) -> str:
        return str(self.claims["sid"])


@dataclass(frozen=True)
class Person(Tokens):
    """An account and one signed-in device of it; every password is PASSWORD."""

    id: str
    name: str
    email: str


@dataclass(frozen=True)
class People:
    """One of each kind. Banned and inactive took their sessions before they became so; there is one administrator."""

    admin: Person
    user: Person
    other: Person
    guest: Person
    banned: Person
    inactive: Person

    def __iter__(self) -> Any:
        return (getattr(self, field.name) for field in fields(self))


class Database(Protocol):
    """A database as another program sees it."""

    url: str

    def sql(self, statement: str, *parameters: object) -> list[Any]:
        """One statement with `?` for each parameter. Ids are 32 hexadecimal digits, moments are microseconds."""

    def tables(self) -> list[str]:
        """The names of all tables."""

    def stored(self) -> bytes:
        """Everything that is in it, as it lies there."""


def segment(token: str, index: int) -> Json:
    """One part of a JWT, not verified."""
    part = token.split(".")[index]
    decoded: Json = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def cheap_settings(folder: Path, database_url: str = "", **changes: Any) -> Settings:
    """Development settings with a hash that costs nothing.

    `changes` are variables in lower case where they are texts, and else fields of any subject of the settings, which
    may also have values that no variable may have.
    """
    variables = {"DATA_DIR": str(folder), "JWT_SECRET": _SECRET, "PUBLIC_URL": PUBLIC_URL}
    variables |= {"DATABASE_URL": database_url} if database_url else {}
    variables |= {name.upper(): value for name, value in changes.items() if isinstance(value, str)}
    settings = Settings.read(variables, None)
    # Limits would get in the way of tests that are about something else.
    cheap: Json = {"hash_memory_kib": 8, "hash_iterations": 1, "hash_workers": 2, "rate_limits": False}
    values = cheap | {name: value for name, value in changes.items() if not isinstance(value, str)}
    for subject in fields(settings):
        part: Any = getattr(settings, subject.name)
        own = {name: values.pop(name) for name in list(values) if is_dataclass(part) and hasattr(part, name)}
        if own:
            settings = replace(settings, **{subject.name: replace(part, **own)})
    assert not values, f"no subject of the settings has {', '.join(values)}"
    return settings


class Service:
    """A running service, and how to ask it something."""

    def __init__(
        self, application: Application, settings: Settings, clock: FakeClock, people: People, database: Database
    ) -> None:
        self.application = application
        self.settings = settings
        self.clock = clock
        self.people = people
        self.database = database

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: Tokens | str | None = None,
        headers: Mapping[str, str | bytes] | Sequence[tuple[str, str]] | None = None,
        content: Any = None,
        peer: str = PEER,
    ) -> httpx.Response:
        """One request. `by` is whose access token goes along; `body` is sent as JSON, `content` as it is."""
        own = httpx.Headers(headers)  # type: ignore[arg-type]
        if by is not None:
            own["authorization"] = f"Bearer {by.access_token if isinstance(by, Tokens) else by}"
        if body is not None:
            content = json.dumps(body).encode()
            own.setdefault("content-type", "application/json")
        transport = httpx.ASGITransport(self.application.web, raise_app_exceptions=False, client=(peer, 50_000))
        # A test says itself which cookies it sends.
        no_cookies: Any = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, cookies=no_cookies) as client:
            return await client.request(method, path, content=content, headers=own)

    async def get(self, path: str, **how: Any) -> httpx.Response:
        return await self.ask("GET", API + path, **how)

    async def post(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.ask("POST", API + path, body, **how)

    async def put(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.ask("PUT", API + path, body, **how)

    async def patch(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.ask("PATCH", API + path, body, **how)

    async def delete(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.ask("DELETE", API + path, body, **how)

    async def log_in(self, email: str, password: str = PASSWORD, **how: Any) -> httpx.Response:
        return await self.post("/auth/login", {"email": email, "password": password}, **how)

    async def signed_in(self, person: Person, **how: Any) -> Tokens:
        """A further device of a person."""
        return tokens_in(await self.log_in(person.email, **how))

    async def refresh(self, token: Tokens | str, **how: Any) -> httpx.Response:
        raw = token.refresh_token if isinstance(token, Tokens) else token
        return await self.post("/auth/refresh", {"refresh_token": raw}, **how)

    async def refreshed(self, token: Tokens | str) -> Tokens:
        return tokens_in(await self.refresh(token))

    async def works(self, token: Tokens | str) -> bool:
        """Whether an access token signs in."""
        return (await self.get("/auth/me", by=token)).status_code == 200

    async def mails(self, to: str | None = None) -> list[Json]:
        """The mails that have been delivered, the newest first, once all that are queued have been."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.sql("SELECT count(*) FROM outbox WHERE failed_at IS NULL") != [(0,)]:
                await self.application.services.mail_delivery.deliver_due()
                # The service delivers in the background too, and can't finish what it has taken while no test waits
                # here.
                await asyncio.sleep(0.001)
        found: list[Json] = (await self.ask("GET", "/dev/mailbox.json")).json()["messages"]
        return [mail for mail in found if to in (None, mail["to"])]

    async def proof(self, to: str) -> "Proof":
        """What the newest mail to an address proves that it can be read."""
        mail = next(mail for mail in await self.mails(to) if mail["codes"])
        (link,), (code,) = mail["links"], mail["codes"]
        return Proof(parse_qs(urlsplit(link).query)["token"][0], code, link)

    async def events(self, query: str = "") -> list[Json]:
        """What the administrator reads in the record, the newest first."""
        answer = await self.get(f"/audit-events?limit=100{query}", by=await self._admin())
        found: list[Json] = answer.json()["events"]
        return found

    async def users(self) -> list[Json]:
        """Every account, as the administrator sees it."""
        answer = await self.get("/users?limit=100&sort=email&order=asc", by=await self._admin())
        found: list[Json] = answer.json()["users"]
        return found

    async def _admin(self) -> Tokens:
        admin = self.people.admin
        return admin if await self.works(admin) else await self.signed_in(admin)

    def sql(self, query: str, *parameters: object) -> list[Any]:
        """What another process reads from the database; see Database."""
        return self.database.sql(query, *parameters)

    async def change(self, statement: str, *parameters: object) -> None:
        """Change the database as another process would; see Database.

        The event loop goes on: a background task of the service may hold the write lock, and must be able to end.
        """
        await asyncio.to_thread(self.database.sql, statement, *parameters)

    def stored(self) -> bytes:
        """What lies in the database and in every file of the installation."""
        files = sorted(file for file in self.settings.store.data_dir.rglob("*") if file.is_file())
        return b"".join((self.database.stored(), *(file.read_bytes() for file in files)))

    async def user(self, user_id: str) -> Json:
        answer = await self.get(f"/users/{user_id}", by=await self._admin())
        found: Json = answer.json()
        return found


@dataclass(frozen=True)
class Proof:
    """What a mail carries: the token of its link, the code to type, and the link itself."""

    token: str
    code: str
    link: str


def tokens_in(answer: httpx.Response) -> Tokens:
    """The tokens under `user`, where clients look for them."""
    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    return Tokens(user["access_token"], user["refresh_token"])


@asynccontextmanager
async def started(database: Database, people: People, folder: Path, **changes: Any) -> AsyncIterator[Service]:
    """A service on a database with these people in it."""
    settings = cheap_settings(folder, database.url, **changes)
    clock = FakeClock()
    application = create_application(settings, clock)
    async with application.running():
        yield Service(application, settings, clock, people, database)


async def admit_everybody(application: Application) -> People:
    """Let one of each kind in, and end the service."""
    # Before it runs no mail leaves by itself: those that wait are there for the tests, however long this takes.
    await application.services.signing_key_ring.load()
    people = People(
        admin=await _join(application, "Ada Admin", Role.ADMIN),
        user=await _join(application, "Uma User", Role.USER),
        other=await _join(application, "Otto Other", Role.USER),
        guest=await _join(application, "Gus Guest", Role.GUEST),
        banned=await _join(application, "Ben Banned", Role.USER, Status.BANNED),
        inactive=await _join(application, "Ina Inactive", Role.USER, Status.INACTIVE),
    )
    async with application.running():
        return people


async def _join(application: Application, name: str, role: Role, status: Status = Status.ACTIVE) -> Person:
    services, operator = application.services, Operator()
    email, password = address(f"{name.split(maxsplit=1)[0].lower()}@example.com"), NewPassword(PASSWORD)
    user = await services.user_admin.create(operator, name, email, password, role, Status.ACTIVE)
    tokens = await services.sign_in.login(email, password, Device(), NOWHERE)
    await services.user_admin.change(operator, user.id, UserChanges(status=status))
    return Person(tokens.access_token, tokens.refresh_token, str(user.id), name, email.value)
