"""Whatever a client sends: the response is well-formed, it is never a failure of ours, and the service goes on

HOSTILE_EXAMPLES says how many requests are tried; see CONTRIBUTING.md.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.http.databases import PostgresDatabases, SqliteDatabases
from tests.http.hostile_requests import (
    FORBIDDEN,
    FRAGMENTS,
    FRAMING,
    HEADERS,
    HostileRequest,
    heads,
    hostile_requests,
)
from tests.http.target import LAST, Target, served

# Traces draw their numbers in the thread of the server, whatever is generated here at that moment.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

UNREAD_ADDRESS = "a trusted proxy's header names no address"
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "200"))
WEB = Path(__file__).parents[2] / "src" / "bukhindor" / "web"


def _settings(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Warnings, errors and tracebacks that were logged since the last call."""
    caplog.set_level(logging.WARNING)

    def read() -> str:
        lines = [line for line in "".join(capsys.readouterr()).splitlines() if "[info " not in line]
        # An exporter that another test has left without a collector gives up in its own time.
        records = [record for record in caplog.records if not record.name.startswith("opentelemetry.")]
        lines += [f"{record.levelname} {record.getMessage()} {record.exc_text or ''}" for record in records]
        # What a proxy sends that names no address is reported, and is no failure of the service.
        lines = [line for line in lines if UNREAD_ADDRESS not in line]
        caplog.clear()
        return "\n".join(lines)

    return read


@pytest.fixture
def target(sqlite_databases: SqliteDatabases, tmp_path: Path, log: Callable[[], str]) -> Iterator[Target]:
    with served(sqlite_databases, tmp_path) as (_, port):
        yield Target(port, sqlite_databases.people, log)


@pytest.fixture
def postgres_target(postgres_databases: PostgresDatabases, tmp_path: Path, log: Callable[[], str]) -> Iterator[Target]:
    with served(postgres_databases, tmp_path) as (_, port):
        yield Target(port, postgres_databases.people, log)


def check_requests(target: Target, examples: int) -> None:
    people = target.people

    @_settings(examples)
    @given(hostile_requests([people.admin.id, people.other.id, people.admin.session_id]))
    def check(request: HostileRequest) -> None:
        target.asked(request)

    check()
    assert target.is_well()


@pytest.mark.unmeasured
def test_no_request_is_a_failure(target: Target) -> None:
    """ERR-02"""
    check_requests(target, EXAMPLES)


@pytest.mark.unmeasured
def test_it_is_not_on_a_database_server_either(postgres_target: Target) -> None:
    """ERR-02, IN-01: PostgreSQL refuses texts that SQLite takes, and none of them reaches it."""
    check_requests(postgres_target, max(1, EXAMPLES // 2))


@pytest.mark.unmeasured
def test_no_part_of_a_header_is_a_failure(target: Target) -> None:
    """ERR-02: each that the service reads with each fragment, beside a token that is good.

    That makes many requests, so they share connections. Bytes that HTTP forbids end one: these come alone.
    """
    token = target.token_of("admin")
    for name in HEADERS.keys() - FRAMING:
        together = b""
        values = [value for fragment in FRAGMENTS for value in (fragment, HEADERS[name][0] + fragment)]
        for value in values:
            headers = [(b"sec-fetch-site", b"same-origin")] if name != b"origin" else []
            request = HostileRequest(b"PATCH", b"/api/v1/auth/me", [*headers, (name, value)], b"{}", "admin", "cookie")
            if set(value) & FORBIDDEN:
                assert [answer.status for answer in target.answers_to(request.encoded(token) + LAST)] == [400]
            else:
                together += request.encoded(token)
        answers = target.answers_to(together + LAST)
        assert len(answers) == 1 + sum(not set(value) & FORBIDDEN for value in values)
        assert {answer.status for answer in answers} <= {200, 400, 401, 403, 415}
    assert target.is_well()


@pytest.mark.unmeasured
def test_no_bytes_are_a_failure(target: Target) -> None:
    """ERR-02: even what is no request at all is answered as one that is not valid."""

    @_settings(EXAMPLES)
    @example(b"HEAD")
    @given(heads)
    def check(head: bytes) -> None:
        # A refused HEAD has no body either.
        methods = [b"HEAD"] if head.lstrip(b"\r\n").startswith(b"HEAD") else []
        target.answers_to(head + b"\r\n\r\n" + LAST, *methods)

    check()
    assert target.is_well()


def test_every_header_is_sent_that_is_read() -> None:
    """ERR-02: one that is new as well."""
    reading = re.compile(
        r'headers(?:\.get\(|\[)"([a-z-]+)"(?!\] =)|"([a-z-]+)" in headers'
        r'|: "(x-[a-z-]+)"|"(X-[A-Za-z-]+)": [A-Z]|"([a-z-]+)": _(?:listed|forwarded)'
    )
    sources = "".join(file.read_text("utf-8") for file in WEB.rglob("*.py"))
    read = {"".join(names).lower() for names in reading.findall(sources)}
    assert {"authorization", "cookie", "origin", "host", "x-device-id", "x-forwarded-for"} <= read
    assert read <= {name.decode() for name in HEADERS}
