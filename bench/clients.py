"""The callers of the API that the load generator plays."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

_PAUSE_WITHOUT_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user of the sample."""

    email: str
    access_token: str
    refresh_token: str


def get(path: str, access_token: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {access_token}\r\n\r\n"
    ).encode("ascii")


def post(path: str, body: bytes, address: str = "") -> bytes:
    """`address` is the client's, as a trusted proxy would name it."""
    forwarded = f"X-Forwarded-For: {address}\r\n" if address else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"{forwarded}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def sign_in(email: str, password: str, address: str = "") -> bytes:
    body = json.dumps({"email": email, "password": password})
    return post("/api/v1/auth/login", body.encode("ascii"), address)


class Reader:
    """Asks for the same path under one token after the other; readers that share `requests` share the round."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests

    def request(self) -> bytes:
        return next(self._requests)

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        return 0.0


def readers(path: str, tokens: Sequence[str], count: int) -> list[Reader]:
    requests = cycle([get(path, token) for token in tokens])
    return [Reader(requests) for _ in range(count)]


class Refresher:
    """Exchanges its refresh token, and then the one that it got, and so on."""

    def __init__(self, refresh_token: str) -> None:
        self.refresh_token = refresh_token

    def request(self) -> bytes:
        return post("/api/v1/auth/refresh", b'{"refresh_token":"%b"}' % self.refresh_token.encode("ascii"))

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        if status == 200:
            start = body.index(b'"refresh_token":"') + 17
            self.refresh_token = body[start : body.index(b'"', start)].decode("ascii")
        return 0.0


class SigningIn:
    """Signs in with one email address after the other; told to come back later, it does, with the next one.

    `address` is where it comes from, as a trusted proxy would say.
    """

    def __init__(self, emails: Iterator[str], password: str, address: str = "") -> None:
        self._emails = emails
        self._password = password
        self._address = address
        self._email = ""
        self.accounts: list[Account] = []

    def request(self) -> bytes:
        self._email = next(self._emails, "")
        if not self._email:
            return b""
        return sign_in(self._email, self._password, self._address)

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        if status == 200:
            tokens = json.loads(body)["user"]
            self.accounts.append(Account(self._email, tokens["access_token"], tokens["refresh_token"]))
            return 0.0
        return _retry_after(head) if status in (429, 503) else 0.0


def _retry_after(head: bytes) -> float:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"retry-after":
            return float(value)
    return _PAUSE_WITHOUT_RETRY_AFTER
