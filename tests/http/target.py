"""A running service that is asked over sockets, and must never fail."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from bukhindor.bootstrap.application import Application, create_application
from bukhindor.server.head import ConnectionLimits
from tests.fakes.clock import FakeClock
from tests.http.databases import Databases
from tests.http.hostile_requests import HostileRequest
from tests.http.patience import patient_services
from tests.http.probe_server import running
from tests.http.service import PASSWORD, People, cheap_settings
from tests.http.strict_client import StrictAnswer, ask

LAST = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""An ordinary request to end a connection with."""

# What a client announces and does not send is not waited for any longer.
_QUICK = ConnectionLimits(head_seconds=0.5, body_seconds=0.1, linger_seconds=0.1, pipelined_requests=1000)


class Target:
    """A service that is asked over sockets. `log` gives what it has logged of failures since the last call."""

    def __init__(self, port: int, people: People, log: Callable[[], str]) -> None:
        self.port = port
        self.people = people
        self._log = log
        self._tokens: dict[str, str] = {}

    def asked(self, request: HostileRequest) -> list[StrictAnswer]:
        """The answers to a request and to an ordinary one behind it on the same connection.

        Fails when one of them is not well-formed or is a failure, or the log tells of one.
        """
        token = "" if request.who is None else self.token_of(request.who)
        if request.method in (b"POST", b"DELETE"):
            # This may end the session.
            self._tokens.clear()
        return self.answers_to(request.encoded(token) + LAST, request.method)

    def answers_to(self, raw: bytes, *methods: bytes) -> list[StrictAnswer]:
        """The answers to any bytes; fails as `asked` does."""
        answers = ask(self.port, raw, methods)
        log = self._log()
        assert [answer for answer in answers if answer.status >= 500] == [], log
        assert log == ""
        assert answers
        return answers

    def is_well(self) -> bool:
        """Whether the service does its work, which takes a store."""
        ready = b"GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        return [answer.status for answer in ask(self.port, ready, [b"GET"])] == [200]

    def token_of(self, who: str) -> str:
        if who not in self._tokens:
            email = getattr(self.people, who).email
            body = f'{{"email": "{email}", "password": "{PASSWORD}"}}'.encode()
            raw = HostileRequest(b"POST", b"/api/v1/auth/login", [(b"connection", b"close")], body).encoded("")
            (answer,) = ask(self.port, raw, [b"POST"])
            found = re.search(rb'"access_token":"([^"]+)"', answer.body)
            assert found, answer
            self._tokens[who] = found[1].decode()
        return self._tokens[who]


@contextmanager
def served(databases: Databases, folder: Path) -> Iterator[tuple[Application, int]]:
    """A service that reads all that clients send, for traces and from proxies too, and its port."""
    database = databases.lend(folder)
    trusted = (ip_network("127.0.0.0/8"),)
    with patient_services(), pytest.MonkeyPatch.context() as patch:
        # The headers of traces are read all the same.
        patch.setenv("OTEL_TRACES_SAMPLER", "always_off")
        settings = cheap_settings(folder, database.url, trusted_proxies=trusted, tracing=True)
        application = create_application(settings, FakeClock())
        with running(application.web, limits=_QUICK, resources=application.running) as server:  # type: ignore[arg-type]
            yield application, server.port
    databases.take_back(database)
