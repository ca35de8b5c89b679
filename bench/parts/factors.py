"""What a second factor and a mailed code cost beside a password: one sign-in after another, in turns, on one core."""

import http.client
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pyotp

from bench.accounts import PASSWORD, email_of
from bench.figures import Figure
from bench.processes import Server
from bench.stage import Stage, database_in

_TURNS = 8
_SIGN_INS = 16
_FIRST_ACCOUNT = 4_000
_STEP = timedelta(seconds=30)
_ALLOWED_SECONDS = 0.002
_MAIL_TIMEOUT = 60.0
# The mails about new factors have left by then, so that their delivery is no part of a sign-in.
_REST_SECONDS = 3.0

Json = dict[str, Any]
SignIn = Callable[[], None]


class _Client:
    """One connection to the service, and the requests that a person's app sends."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def post(self, path: str, body: Json, token: str = "", expected: int = 200) -> Json:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return self._ask("POST", f"/api/v1/auth{path}", json.dumps(body), headers, expected)

    def get(self, path: str) -> Json:
        return self._ask("GET", path, None, {}, 200)

    def log_in(self, email: str, expected: int = 200) -> Json:
        return self.post("/login", {"email": email, "password": PASSWORD}, expected=expected)

    def log_in_with_code_of_app(self, email: str, app: pyotp.TOTP) -> None:
        asked = self.log_in(email, expected=403)
        code = app.at(datetime.now(UTC))
        self.post("/login/factor", {"mfa_token": asked["mfa_token"], "code": code})

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str], expected: int) -> Json:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != expected:
            raise RuntimeError(f"{path} answered {response.status}: {content!r}")
        answer: Json = json.loads(content)
        return answer

    def close(self) -> None:
        self._connection.close()


@dataclass
class _Cost:
    """What the sign-ins of one kind took: seconds of each, and of the processor for one, turn by turn."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def take(self, server: Server, sign_ins: Sequence[SignIn]) -> None:
        before = server.processor_seconds()
        for sign_in in sign_ins:
            started = time.perf_counter()
            sign_in()
            self.seconds.append(time.perf_counter() - started)
        self.processor.append((server.processor_seconds() - before) / len(sign_ins))


def measure(stage: Stage) -> list[Figure]:
    _verify(stage)
    with stage.serving(stage.scale.users) as server, stage.cores.only(stage.cores.load), _client(server) as client:
        password, app, mail = _Cost(), _Cost(), _Cost()
        by_password, by_app, by_mail = (list(make(client)) for make in (_by_password, _by_app, _by_mail))
        time.sleep(_REST_SECONDS)
        for turn in range(_TURNS):
            part = slice(turn * _SIGN_INS, (turn + 1) * _SIGN_INS)
            password.take(server, by_password[part])
            app.take(server, by_app[part])
            mail.take(server, by_mail[part])
    added = median(app.seconds) - median(password.seconds)
    stage.say(f"  a second factor adds {added * 1000:.1f} ms")
    return [
        _figure(
            "sign-in with password and code of an app, both requests", app.seconds, password.seconds, _ALLOWED_SECONDS
        ),
        _figure("processor time of the service for that", app.processor, password.processor),
        _figure("POST /auth/sign-in-code/confirm with a mailed code", mail.seconds, password.seconds),
        _figure("processor time of the service for that code", mail.processor, password.processor),
    ]


@contextmanager
def _client(server: Server) -> Iterator[_Client]:
    client = _Client(server)
    try:
        yield client
    finally:
        client.close()


def _emails(kind: int) -> list[str]:
    """The accounts of a kind, each for one sign-in: a code of an app is accepted once."""
    first = _FIRST_ACCOUNT + kind * _TURNS * _SIGN_INS
    return [email_of(first + number) for number in range(_TURNS * _SIGN_INS)]


def _by_password(client: _Client) -> Iterator[SignIn]:
    for email in _emails(0):
        client.log_in(email)
        yield lambda email=email: client.log_in(email)  # type: ignore[misc]


def _by_app(client: _Client) -> Iterator[SignIn]:
    for email in _emails(1):
        token = client.log_in(email)["user"]["access_token"]
        added = client.post("/factors/totp", {}, token, 201)
        app = pyotp.TOTP(added["secret"])
        client.post(f"/factors/{added['id']}/confirm", {"code": app.at(datetime.now(UTC) - _STEP)}, token)
        yield lambda email=email, app=app: client.log_in_with_code_of_app(email, app)  # type: ignore[misc]


def _by_mail(client: _Client) -> Iterator[SignIn]:
    emails = _emails(2)
    for first in range(0, len(emails), _SIGN_INS):
        batch = emails[first : first + _SIGN_INS]
        for email in batch:
            client.log_in(email)
            client.post("/sign-in-code", {"email": email})
        for email, code in _mailed_codes(client, batch).items():
            yield lambda email=email, code=code: client.post(  # type: ignore[misc]
                "/sign-in-code/confirm", {"email": email, "code": code}
            )


def _mailed_codes(client: _Client, emails: Sequence[str]) -> dict[str, str]:
    """The codes that were mailed to these addresses, by address, once all are in the mailbox of the development."""
    deadline = time.monotonic() + _MAIL_TIMEOUT
    while time.monotonic() < deadline:
        mails = client.get("/dev/mailbox.json")["messages"]
        found = {mail["to"]: mail["codes"][0] for mail in mails if mail["to"] in emails and mail["codes"]}
        if len(found) == len(emails):
            return found
        time.sleep(0.1)
    raise RuntimeError("the mails with codes do not arrive")


def _verify(stage: Stage) -> None:
    """Verify the addresses of those who sign in by mail, as an earlier mail would have."""
    with closing(sqlite3.connect(database_in(stage.home(stage.scale.users)))) as connection, connection:
        connection.executemany("UPDATE users SET email_verified = 1 WHERE email = ?", [(each,) for each in _emails(2)])


def _figure(name: str, measured: Sequence[float], peer: Sequence[float], allowed: float | None = None) -> Figure:
    mine, other = median(measured), median(peer)
    return Figure(
        f"{name} (peer: POST /auth/login alone)",
        f"{mine * 1000:.1f} ms",
        f"{other * 1000:.1f} ms",
        mine / other,
        "-" if allowed is None else f"<= peer + {allowed * 1000:.0f} ms",
        None if allowed is None else mine - other <= allowed,
    )
