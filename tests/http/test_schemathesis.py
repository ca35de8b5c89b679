"""The whole API against its own document: generated requests, valid and invalid; every response is documented."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.engine.errors import is_inconsistent_replay
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from bukhindor.bootstrap.application import create_application
from bukhindor.server.head import ConnectionLimits
from bukhindor.web.api.openapi import openapi_json
from tests.fakes.clock import FakeClock
from tests.http.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.http.patience import patient_services
from tests.http.probe_server import running
from tests.http.service import PUBLIC_URL, Database, cheap_settings

pytestmark = pytest.mark.unmeasured

USUAL_EXAMPLES = 10
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", USUAL_EXAMPLES))
POSTGRES_EXAMPLES = max(1, EXAMPLES // 2)
OWN_PASSWORD = "amber-walrus-58"
ENDS_SESSIONS = {"/api/v1/auth/logout", "/api/v1/auth/logout-all", "/api/v1/auth/lockdown"}
CHAINS = EXAMPLES if EXAMPLES > USUAL_EXAMPLES else 5
# Why a body or a query that its schema allows may be refused all the same, by field and code. The scenario tables of
# the operations cover each.
BEYOND_A_SCHEMA = {
    # What was mailed. A link may have been copied with blanks, and a code typed in any script.
    ("", "invalid_one_time_token"), ("token", "invalid_token"), ("code", "invalid_code"),
    # What an authenticator app shows, which of its forms a code has, and a sign-in that waits for it.
    ("", "incorrect_factor"), ("", "invalid_mfa_token"), ("code", "invalid_totp_code"), ("code", "invalid_typed_code"),
    ("recovery_code", "invalid_recovery_code"),
    # The token of a guest, who may be gone by now.
    ("", "invalid_guest_token"),
    # What an authenticator has signed, and the challenge for it.
    ("", "passkey_not_accepted"),
    # The password that the account has now, and the token in a cookie that a browser sends instead of a body.
    ("", "incorrect_password"), ("refresh_token", "required"),
    # Passwords that attackers try first, and those that name their owner.
    *((field, f"password_too_{fault}") for field in ("password", "new_password") for fault in ("common", "personal")),
    # What an earlier response or request held.
    ("cursor", "invalid_cursor"), ("", "idempotency_key_reused"),
    # The present time, and the status that the user has at it.
    ("status_until", "in_the_past"), ("status_until", "not_allowed"), ("status_reason", "not_allowed"),
    # Two parameters at once: a parameter and its earlier name.
    ("since", "repeated"), ("until", "repeated"),
    # What counts bytes and levels of the whole document, together with what is stored, or looks at all texts in it.
    *((field, f"too_{fault}") for field in ("metadata", "app_metadata") for fault in ("deep", "long")),
    ("metadata", "invalid_characters"), ("app_metadata", "invalid_characters"),
    # A name must show something, which depends on the tables of Unicode.
    ("name", "required"),
}  # fmt: skip

schema = schemathesis.openapi.from_dict(json.loads(openapi_json(PUBLIC_URL)))


class Caller:
    """A client of the running service."""

    def __init__(self, base_url: str, database: Database) -> None:
        self.session = requests.Session()
        self.requests = 0
        self.database = database
        self._base_url = base_url
        self._tokens: dict[str, str] = {}

    def forget(self) -> None:
        """Sign everybody in again when they are next needed."""
        self._tokens.clear()

    def arguments(self, case: Case[Any], who: str) -> dict[str, Any]:
        """What the call of this case needs beside what was generated."""
        headers = self.headers(who, is_last=case.operation.path in ENDS_SESSIONS)
        # The description's examples register a user and sign in: a cookie that came so must not go along.
        self.session.cookies.clear()
        self.requests += 1
        return {"base_url": self._base_url, "session": self.session, "headers": headers}

    def headers(self, who: str, *, is_last: bool) -> dict[str, str]:
        """Who signs in; `is_last` says that the request may end the session."""
        if who == "anonymous":
            return {}
        if who not in self._tokens:
            email = {"user": "uma@example.com", "admin": "ada@example.com"}[who]
            url = f"{self._base_url}/api/v1/auth/login"
            # An earlier request may have locked the account.
            self.database.sql("UPDATE users SET locked_at = NULL WHERE email = ?", email)
            answer = self.session.post(url, json={"email": email, "password": OWN_PASSWORD}, timeout=10)
            self.session.cookies.clear()
            self._tokens[who] = answer.json()["user"]["access_token"]
        token = self._tokens.pop(who) if is_last else self._tokens[who]
        return {"Authorization": f"Bearer {token}"}


def set_passwords(database: Database) -> None:
    """The description's examples must not happen to be any user's password."""
    own_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OWN_PASSWORD)
    database.sql("UPDATE users SET password_hash = ?", own_hash)


@contextmanager
def served(databases: Databases, folder: Path) -> Iterator[Caller]:
    """The service behind its own server: what a client sees is what is checked."""
    database = databases.lend(folder)
    set_passwords(database)
    with patient_services():
        application = create_application(cheap_settings(folder, database.url), FakeClock())
        with running(application.web, limits=ConnectionLimits(), resources=application.running) as server:  # type: ignore[arg-type]
            client = Caller(f"http://127.0.0.1:{server.port}", database)
            with client.session:
                yield client
    databases.take_back(database)


@pytest.fixture(scope="module")
def caller(
    request: pytest.FixtureRequest, sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Caller]:
    with served(sqlite_databases, tmp_path_factory.mktemp("schemathesis")) as client:
        yield client
        if EXAMPLES > USUAL_EXAMPLES:
            with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
                sys.stdout.write(f"\n{client.requests} requests\n")


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


@pytest.mark.parametrize("who", ["user", "admin"])
def test_so_it_does_when_one_request_follows_from_another(
    caller: Caller, sqlite_databases: SqliteDatabases, who: str
) -> None:
    """ERR-04: the id in a response names the next request's user or session, who may be gone by then."""

    begun, failures = 0, []

    class Chain(schema.as_state_machine()):  # type: ignore[misc]  # A class that is made when it is asked for.
        def setup(self) -> None:
            nonlocal begun
            begun += 1
            sqlite_databases.put_back(caller.database)
            set_passwords(caller.database)
            caller.forget()

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return caller.arguments(case, who)

        def validate_response(self, response: Any, case: Case[Any], *_: Any, **sent: Any) -> None:
            try:
                judge(case, response, sent)
            except FailureGroup as failure:
                failures.append(failure)
                raise

    while begun < CHAINS:
        chosen = settings(
            max_examples=CHAINS - begun, stateful_step_count=10, phases=[Phase.generate], deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        try:
            Chain.run(settings=chosen)
        except (Flaky, AssertionError) as error:
            # Responses decide what comes next, and limits count on from chain to chain: the same choices may lead
            # elsewhere. Schemathesis itself begins again then, too.
            if failures or not (isinstance(error, Flaky) or is_inconsistent_replay(error)):
                raise
    assert failures == []


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


def is_beyond_a_schema(answer: Any) -> bool:
    """Whether each reason of a refusal is one that no schema can foresee."""
    if answer.status_code not in (400, 422):
        return False
    problem = answer.json()
    reasons = {(each["field"], each["error_code"]) for each in problem.get("errors", [])}
    return (reasons or {("", problem["error_code"])}) <= BEYOND_A_SCHEMA


def check(case: Case[Any], caller: Caller, who: str) -> None:
    sent = caller.arguments(case, who)
    answer = case.call(**sent)
    caller.session.cookies.clear()
    judge(case, answer, sent)


def judge(case: Case[Any], answer: Any, sent: dict[str, Any]) -> None:
    excluded: list[Any] = [positive_data_acceptance] if is_beyond_a_schema(answer) else []
    # A body that is too large is refused before anything in it is read.
    if has_text_to_trim(case) or answer.status_code == 413:
        excluded.append(negative_data_rejection)
    case.validate_response(answer, headers=sent["headers"], transport_kwargs=sent, excluded_checks=excluded)
