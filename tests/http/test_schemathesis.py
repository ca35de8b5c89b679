"""The whole API against its own document: generated requests, valid and invalid; every response is documented."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from bukhindor.bootstrap.application import create_application
from bukhindor.domain.folding import shows_something
from bukhindor.server.head import ConnectionLimits
from bukhindor.web.api.openapi import openapi_json
from tests.fakes.clock import FakeClock
from tests.http.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.http.patience import patient_services
from tests.http.probe_server import running
from tests.http.service import PUBLIC_URL, cheap_settings

pytestmark = pytest.mark.unmeasured

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
POSTGRES_EXAMPLES = max(1, EXAMPLES // 2)
OWN_PASSWORD = "amber-walrus-58"
ENDS_SESSIONS = {"/api/v1/auth/logout", "/api/v1/auth/logout-all"}
# What is valid here depends on more than a schema can say: the password of today, a token that was mailed, a cursor
# that was given before, which statuses go with which reason and end, how deep metadata is nested, and that a refresh
# without a token in the body needs a cookie. So does a new password, which must not be common and must not be the
# person's own name. The scenario tables of these operations cover it.
DEPENDS_ON_MORE = {
    ("POST", "/api/v1/auth/change-password"),
    ("POST", "/api/v1/auth/refresh"),
    ("DELETE", "/api/v1/auth/me"),
    ("POST", "/api/v1/auth/me/delete"),
    ("POST", "/api/v1/auth/change-email"),
    ("GET", "/api/v1/audit-events"),
    ("PATCH", "/api/v1/auth/me"),
    *(("POST", f"/api/v1/auth/{flow}/confirm") for flow in ("reset-password", "verify-email", "change-email")),
    ("GET", "/api/v1/users"),
    ("POST", "/api/v1/users"),
    ("PUT", "/api/v1/users/{user_id}"),
    ("PATCH", "/api/v1/users/{user_id}"),
}
# As do passwords that are too weak, and a key that an earlier request has used.
REFUSED_FOR_MORE = (b"password_too_", b"idempotency_key_reused")

schema = schemathesis.openapi.from_dict(json.loads(openapi_json(PUBLIC_URL)))


class Caller:
    """A client of the running service."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self._tokens: dict[str, str] = {}

    def headers(self, who: str, *, is_last: bool) -> dict[str, str]:
        """Who signs in; `is_last` says that the request may end the session."""
        if who == "anonymous":
            return {}
        if who not in self._tokens:
            email = {"user": "uma@example.com", "admin": "ada@example.com"}[who]
            url = f"{self.base_url}/api/v1/auth/login"
            answer = self.session.post(url, json={"email": email, "password": OWN_PASSWORD}, timeout=10)
            self.session.cookies.clear()
            self._tokens[who] = answer.json()["user"]["access_token"]
        token = self._tokens.pop(who) if is_last else self._tokens[who]
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def served(databases: Databases, folder: Path) -> Iterator[Caller]:
    """The service behind its own server: what a client sees is what is checked."""
    database = databases.lend(folder)
    # The description's examples must not happen to be any user's password.
    own_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OWN_PASSWORD)
    database.sql("UPDATE users SET password_hash = ?", own_hash)
    with patient_services():
        application = create_application(cheap_settings(folder, database.url), FakeClock())
        with running(application.web, limits=ConnectionLimits(), resources=application.running) as server:  # type: ignore[arg-type]
            client = Caller(f"http://127.0.0.1:{server.port}")
            with client.session:
                yield client
    databases.take_back(database)


@pytest.fixture(scope="module")
def caller(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with served(sqlite_databases, tmp_path_factory.mktemp("schemathesis")) as client:
        yield client


@pytest.fixture(scope="module")
def postgres_caller(
    postgres_databases: PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Caller]:
    with served(postgres_databases, tmp_path_factory.mktemp("schemathesis")) as client:
        yield client


@pytest.mark.parametrize("who", ["anonymous", "user", "admin"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_service_keeps_its_word(case: Case[Any], caller: Caller, who: str) -> None:
    """ERR-04: no 5xx, no undocumented status, type or shape; what is valid is accepted and what is not is refused."""
    check(case, caller, who)


@schema.parametrize()
@settings(max_examples=POSTGRES_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_so_it_does_on_a_database_server(case: Case[Any], postgres_caller: Caller) -> None:
    """ERR-04, IN-01: PostgreSQL refuses values that SQLite takes, and none of them reaches it.

    An administrator's values get furthest, and public calls ignore the caller.
    """
    check(case, postgres_caller, "admin")


def has_text_to_trim(case: Case[Any]) -> bool:
    """What is trimmed may break the rules at its ends, which a schema can't say."""
    sent = [part for part in (case.body, case.query) if isinstance(part, dict)]
    texts = [value for part in sent for value in part.values() if isinstance(value, str)]
    return any(text != text.strip() for text in texts)


def has_name_without_ink(case: Case[Any]) -> bool:
    """A name must show something, and a schema can't say which characters do."""
    name = case.body.get("name") if isinstance(case.body, dict) else None
    return isinstance(name, str) and not shows_something(name)


def check(case: Case[Any], caller: Caller, who: str) -> None:
    operation = case.operation
    headers = caller.headers(who, is_last=operation.path in ENDS_SESSIONS)
    # The description's examples register a user and sign in: a cookie that came so must not go along.
    caller.session.cookies.clear()
    sent: dict[str, Any] = {"base_url": caller.base_url, "session": caller.session, "headers": headers}
    answer = case.call(**sent)
    caller.session.cookies.clear()
    depends_on_more = (operation.method.upper(), operation.path) in DEPENDS_ON_MORE
    depends_on_more |= has_name_without_ink(case)
    depends_on_more |= any(code in answer.content for code in REFUSED_FOR_MORE)
    excluded: list[Any] = [positive_data_acceptance] if depends_on_more else []
    if has_text_to_trim(case):
        excluded.append(negative_data_rejection)
    case.validate_response(answer, headers=headers, transport_kwargs=sent, excluded_checks=excluded)
