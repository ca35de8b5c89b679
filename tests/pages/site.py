"""The real service, as `bukhindor serve` starts it, for a browser to visit."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.servers.processes import ServerProcess, free_port

PASSWORD = "violet-otter-41"
_PATIENCE_SECONDS = 20
_people = count(1)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as the development mailbox shows it; `link` is the path that its link leads to, `code` may be empty."""

    number: int
    subject: str
    link: str
    code: str


@contextmanager
def served(**variables: str) -> Iterator["Site"]:
    """A running service; `variables` are settings of its own."""
    site = Site(**variables)
    try:
        site.start()
        yield site
    finally:
        site.close()


class Site:
    """A service on a free port with a folder of its own."""

    def __init__(self, **variables: str) -> None:
        self._port = free_port()
        self._process = ServerProcess("bukhindor")
        settings = {
            "DATA_DIR": str(self._process.folder / "data"),
            "PUBLIC_URL": self.url,
            "SERVER_PORT": str(self._port),
            # Limits are about many tries; tests make many.
            "RATE_LIMITS": "off",
        }
        self._client = httpx.Client(base_url=self.url, timeout=_PATIENCE_SECONDS)
        self._variables = {**os.environ, **settings, **variables}

    def start(self) -> None:
        """Return when the service is ready."""
        self._process.start([sys.executable, "-m", "bukhindor", "serve"], self._variables, self._is_ready)

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    def post(self, path: str, body: Any, *, token: str = "", language: str = "en") -> Any:
        """Ask the API something, as an app would, and return its response; it must be a success."""
        headers = {"accept-language": language} | ({"authorization": f"Bearer {token}"} if token else {})
        answer = self._client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def register(self, language: str = "en") -> str:
        """Register a new person and return the address."""
        email = f"person-{next(_people)}@example.com"
        body = {"name": "Анна" if language == "ru" else "Ann", "email": email, "password": PASSWORD}
        self.post("/auth/register", body, language=language)
        return email

    def invite(self, *, name: str, language: str = "en") -> str:
        """Invite a new person as the operator does, and return the address."""
        email = f"person-{next(_people)}@example.com"
        arguments = ["--email", email, "--name", name, "--language", language]
        command = [sys.executable, "-m", "bukhindor", "users", "invite", *arguments]
        subprocess.run(command, env=self._variables, check=True, timeout=_PATIENCE_SECONDS, capture_output=True)
        return email

    def sign_in(self, email: str) -> str:
        """Return an access token of the person."""
        return str(self.post("/auth/login", {"email": email, "password": PASSWORD})["user"]["access_token"])

    def account(self, email: str) -> Any:
        """The account as its owner reads it in the app."""
        headers = {"authorization": f"Bearer {self.sign_in(email)}"}
        return self._client.get("/api/v1/auth/me", headers=headers).json()

    def signs_in(self, email: str, password: str) -> bool:
        """Whether a person can sign in with this password."""
        answer = self._client.post("/api/v1/auth/login", json={"email": email, "password": password})
        return answer.status_code == 200

    def letter(self, to: str, page: str) -> Letter:
        """The newest mail to an address whose link leads to a page such as `verify-email`, once it has come."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for mail in self._client.get("/dev/mailbox.json").json()["messages"]:
                for link in mail["links"]:
                    where = urlsplit(link)
                    if mail["to"] == to and where.path == f"/account/{page}":
                        code = next(iter(mail["codes"]), "")
                        return Letter(mail["id"], mail["subject"], f"{where.path}?{where.query}", code)
            time.sleep(0.02)
        raise TimeoutError(f"no mail to {to} leads to {page}")

    def close(self) -> None:
        self._client.close()
        self._process.close()

    def _is_ready(self) -> bool:
        try:
            return self._client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False
