"""What never stands in a log (LOG-01)."""

import time
from typing import Any

import pytest

from bukhindor.adapters.system.log_redaction import is_secret_name, redacted, redacted_text
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.password import Password
from tests.makers import make_secret

CANARY = "canary-hunter22"
SERVICE_KEY = make_secret().reveal()
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "currentPassword",
        "PASSWORD",
        "token",
        "access_token",
        "refresh-token",
        "Authorization",
        "proxy_authorization",
        "cookie",
        "Set-Cookie",
        "jwt_secret",
        "seed",
        "password_hash",
        "api_key",
        "sealed_private_key",
    ],
)
def test_the_value_of_a_secret_is_masked_wherever_it_stands(name: str) -> None:
    """LOG-01"""
    assert is_secret_name(name)
    fields: dict[str, Any] = {
        name: CANARY,
        "headers": {name: CANARY},
        "list": [{"inner": {name: CANARY}}],
        "raw": {name: CANARY.encode()},
        "many": {name: [CANARY]},
    }
    assert CANARY not in str(redacted(fields))
    assert redacted({name: CANARY}) == {name: "***"}


@pytest.mark.parametrize(
    "name", ["name", "status", "route", "user_id", "request_id", "duration_ms", "key", "kid", "session_id"]
)
def test_ordinary_fields_stay(name: str) -> None:
    assert redacted({name: "value"}) == {name: "value"}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("ann@example.com", "a***@example.com"),
        (EmailAddress.parse("ann@example.com"), "a***@example.com"),
        ('"ann smith"@example.com', '"***@example.com'),
        ("not an address", "***"),
        ("a@b@example.com", "a***@example.com"),
        (None, None),
    ],
)
def test_an_address_shows_its_first_letter_and_its_domain(value: object, masked: str | None) -> None:
    """LOG-01"""
    assert redacted({"email": value, "new_email": value}) == {"email": masked, "new_email": masked}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail to ann.smith+x@example.com failed", "mail to a***@example.com failed"),
        ("GET /users?search=ann%40example.com", "GET /users?search=a***%40example.com"),
        ("UNIQUE failed: (a@b.example, c@d.example)", "UNIQUE failed: (a***@b.example, c***@d.example)"),
        (f"bad token {JWT}!", "bad token ***!"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("authorization: basic YTpi", "authorization: basic ***"),
        ("/confirm?token=abc123&x=1", "/confirm?token=***&x=1"),
        ('{"refresh_token": "bkr_abc", "n": 1}', '{"refresh_token": "***", "n": 1}'),
        (f"key {SERVICE_KEY} was sent", "key *** was sent"),
        (SERVICE_KEY, "***"),
        ("bkr_" + "a-_Z" * 17 + "xA", "***"),
        ("bk_of_something bkr_ 10.0.0.bk", "bk_of_something bkr_ 10.0.0.bk"),
        ("hash $argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA in row", "hash *** in row"),
        ("$2b$10$abcdefghijklmnopqrstuv", "***"),
        ("User(password_hash='x', password='hunter22')", "User(password_hash='x', password='***')"),
        ("costs 5 $ at noon, tokens are fine", "costs 5 $ at noon, tokens are fine"),
    ],
)
def test_what_looks_like_a_secret_in_a_text_is_masked(text: str, clean: str) -> None:
    """LOG-01"""
    assert redacted_text(text) == clean


def test_objects_show_only_their_text() -> None:
    shown = redacted({"form": Password(CANARY), "who": EmailAddress.parse("ann@example.com")})
    assert shown == {"form": "Password(***)", "who": "a***@example.com"}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4_000 + "@",
        "@" * 4_000,
        "eyJ" * 1_300,
        "$2a$" * 1_000,
        "token" * 800,
        "Bearer " * 600,
        "password=" * 450,
        "a_" * 2_000 + "token",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    # Time of this thread's own: another program may have the processor meanwhile.
    started = time.thread_time()
    redacted_text(text)
    assert time.thread_time() - started < 0.05
