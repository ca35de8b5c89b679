"""Signing in with a passkey beside signing in with a password, on one core: a signature costs less than a hash."""

import http.client
import json
from itertools import cycle
from typing import Any

from bench.accounts import PASSWORD, email_of
from bench.clients import SigningIn, post
from bench.figures import Figure, per_second
from bench.processes import Server
from bench.rounds import in_turns, loaded
from bench.stage import Stage
from tests.authenticator import Authenticator

_CLIENTS = 16
_TARGET = 5.0
# Where the service of the figures says that it is.
_ORIGIN = "http://localhost"
_FIRST_ACCOUNT = 3_500
_BEGIN = post("/api/v1/auth/passkeys/sign-in/options", b"{}")


class SigningInWithPasskey:
    """Asks for options, signs them, and so on: two requests for each sign-in."""

    def __init__(self, device: Authenticator) -> None:
        self._device = device
        self._begun: dict[str, Any] | None = None

    def request(self) -> bytes:
        if self._begun is None:
            return _BEGIN
        credential = self._device.get(self._begun["options"])
        body = json.dumps({"challenge_id": self._begun["challenge_id"], "credential": credential})
        return post("/api/v1/auth/passkeys/sign-in", body.encode("ascii"))

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        self._begun = json.loads(body) if self._begun is None else None
        return 0.0


def measure(stage: Stage) -> list[Figure]:
    with stage.serving(stage.scale.users) as server:
        with stage.cores.only(stage.cores.load):
            devices = [_with_passkey(server, _FIRST_ACCOUNT + number) for number in range(_CLIENTS)]
        emails = cycle([email_of(_FIRST_ACCOUNT + number) for number in range(_CLIENTS)])
        contestants = [
            loaded(stage, server, [SigningInWithPasskey(device) for device in devices]),
            loaded(stage, server, [SigningIn(emails, PASSWORD) for _ in range(_CLIENTS)]),
        ]
        answers, by_password = in_turns(stage, contestants)
    by_passkey = answers / 2
    ratio = by_passkey / by_password
    return [
        Figure(
            "POST /auth/passkeys/sign-in with its options, one core (peer: POST /auth/login)",
            per_second(by_passkey),
            per_second(by_password),
            ratio,
            f">= {_TARGET:.0f} x",
            ratio >= _TARGET,
        )
    ]


def _with_passkey(server: Server, number: int) -> Authenticator:
    """A device with a passkey of the account."""
    device = Authenticator(_ORIGIN)
    token = _asked(server, "/auth/login", {"email": email_of(number), "password": PASSWORD})["user"]["access_token"]
    begun = _asked(server, "/auth/passkeys/options", {}, token)
    credential = device.create(begun["options"])
    _asked(server, "/auth/passkeys", {"challenge_id": begun["challenge_id"], "credential": credential}, token)
    return device


def _asked(server: Server, path: str, body: dict[str, Any], token: str = "") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{path} answered {response.status}: {content}")
    return content
