"""Every line that a request causes names it, also those that another process writes later."""

import logging
from collections.abc import MutableMapping
from typing import Any

import pytest
import structlog
from structlog.contextvars import get_contextvars, merge_contextvars

from tests.http.conftest import StartService
from tests.http.raw_client import eventually
from tests.http.service import API, Service
from tests.process_logging import restored_logging

__all__ = ["restored_logging"]

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
BODY = f"{TRACE_ID}-00f067aa0ba902b7-01"


class Log(logging.Handler):
    """What is logged, by us and by libraries, with what the running task adds to its lines."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append({**get_contextvars(), "event": record.getMessage()})

    def keep(self, logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        self._lines.append(dict(event))
        raise structlog.DropEvent

    def lines(self, word: str) -> list[dict[str, Any]]:
        return [line for line in self._lines if line["event"].startswith(word)]


@pytest.fixture
def log(restored_logging: None) -> Log:
    log = Log()
    logging.getLogger().addHandler(log)
    structlog.configure(processors=[merge_contextvars, log.keep])
    return log


async def test_a_mail_that_is_refused_later_names_the_request_that_caused_it(
    log: Log, start_service: StartService
) -> None:
    service = await start_service(smtp_url="smtp://127.0.0.1:9", mail_from="accounts@example.com")
    headers = {"X-Request-ID": "request-1", "traceparent": f"00-{BODY}"}
    email = {"email": service.people.user.email}
    assert (await service.ask("POST", f"{API}/auth/reset-password", email, headers=headers)).is_success
    # Other mails, which no request of this test has caused, may wait as well.
    await eventually(lambda: any("request_id" in line for line in log.lines("mail not accepted")))
    (refused,) = [line for line in log.lines("mail not accepted") if "request_id" in line]
    (request,) = log.lines("request")
    for line in (request, refused):
        assert (line["request_id"], line["trace_id"]) == ("request-1", TRACE_ID)


async def test_a_fault_within_a_request_names_it(
    log: Log, start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await start_service()

    async def broken(*_: object) -> None:
        raise RuntimeError("This is a bug.")

    monkeypatch.setattr(type(service.application.services.password_reset), "request", broken)
    headers = {"X-Request-ID": "request-1", "traceparent": f"00-{BODY}"}
    await service.ask("POST", f"{API}/auth/reset-password", {"email": "ann@example.com"}, headers=headers)
    await service.ask("GET", "/health/live")
    (fault,), (own, other) = log.lines("unexpected error"), log.lines("request")
    assert [(line["request_id"], line["trace_id"]) for line in (fault, own)] == [("request-1", TRACE_ID)] * 2
    assert (other["request_id"] != "request-1", "trace_id" in other) == (True, False)


async def test_only_a_traceparent_that_makes_sense_is_logged(log: Log, service: Service) -> None:
    sensible = [f"00-{BODY}", f"01-{BODY}-more"]
    senseless = [
        f"00-{BODY}-more",
        f"ff-{BODY}",
        f"00-{BODY.upper()}",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{BODY}, 00-{BODY}",
        "canary",
    ]
    for traceparent in (*sensible, *senseless):
        await service.ask("GET", "/health/live", headers={"traceparent": traceparent})
    logged = [line.get("trace_id") for line in log.lines("request")]
    assert logged == [TRACE_ID] * len(sensible) + [None] * len(senseless)
