"""Values that mean something to a database, or that it can not hold"""

from urllib.parse import quote

import pytest

from tests.http.service import Service

PAYLOADS = [
    "' OR '1'='1",
    "1; DROP TABLE users --",
    '" OR ""="',
    "' UNION SELECT password_hash FROM users --",
    "%27",
    "$ne",
]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_nothing_reaches_the_database_as_language(service: Service, payload: str) -> None:
    """IN-01"""
    admin = service.people.admin
    answers = [
        await service.log_in(payload, payload),
        await service.post(
            "/auth/register", {"name": payload, "email": f"x{payload}@example.com", "password": payload}
        ),
        await service.refresh(payload),
        await service.patch("/auth/me", {"name": payload}, by=service.people.user),
        await service.get(f"/users/{quote(payload, safe='')}", by=admin),
        await service.delete(f"/auth/sessions/{quote(payload, safe='')}", by=admin),
        await service.log_in(service.people.user.email, headers={"x-device-id": payload, "user-agent": payload}),
        await service.get("/auth/me", by=payload),
    ]
    parameters = ("search", "sort", "order", "role", "status", "cursor", "page", "limit")
    answers += [await service.get(f"/users?{name}={quote(payload)}", by=admin) for name in parameters]
    for answer in answers:
        assert answer.status_code < 500
        for word in ("sqlite", "postgres", "syntax", "select", "traceback", "argon2"):
            assert word not in answer.text.lower().replace(payload.lower(), "")
    assert service.sql("SELECT count(*) FROM users") == [(6,)]


STRANGE = [
    "\0", "a\0b", "\ud800", "a\udfffb", "\uffff", "\U0010ffff", "\u200d" * 50, "\x7f", "\x1b[31m", "e" + "\u0301" * 90,
    "9" * 400, str(2**31),
    str(2**63), str(-(2**63) - 1), "1e400", "NaN", "infinity", "-infinity", "epoch", "{}", "\\x00",
    "\\000", "00000000-0000-0000-0000-000000000000", "\u0661" * 8, "a" * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12])[1:-1])
async def test_no_database_is_given_what_it_can_not_take(service: Service, text: str) -> None:
    """IN-01, IN-04: what is a text to one database is none to another, or a number of too many bits, or a moment."""
    people = service.people
    admin, user = people.admin, people.user
    word = quote(text.encode("utf-8", "surrogatepass"), safe="")
    raw = text[:300].encode("utf-8", "surrogatepass")
    spaced = {"user-agent": raw, "x-device-id": raw, "x-app-version": raw, "x-request-id": raw, "accept-language": raw}
    proof = {"token": text, "email": text, "code": text, "new_password": text}
    person = {"name": text, "email": f"{text}@example.org", "password": text, "new_email": text, "new_password": text}
    answers = [
        await service.post(f"/auth/{path}", person | proof | {"current_password": text, "refresh_token": text}, by=user)
        for path in (
            "register", "login", "refresh", "change-password", "change-email", "reset-password", "verify-email",
            "reset-password/confirm", "verify-email/confirm", "change-email/confirm",
        )
    ]  # fmt: skip
    for proven in ({"token": text}, {"email": user.email, "code": text}, {"email": text, "code": "12345678"}):
        answers += [await service.post(f"/auth/{flow}/confirm", {**proven, "new_password": "scarlet-heron-77"})
                    for flow in ("reset-password", "verify-email", "change-email")]  # fmt: skip
    answers += [
        await service.log_in(user.email, headers=spaced),
        await service.log_in("nobody@example.org", text, headers=spaced),
        await service.refresh(user.refresh_token[:-30] + text),
        await service.patch("/auth/me", {"name": text}, by=user),
        await service.post("/users", person | {"role": text}, by=admin),
        await service.delete("/auth/me", {"password": text}, by=user),
    ]
    for change in (
        {"name": text},
        {"email": text},
        {"status": "banned", "status_reason": text},
        {"status_until": text},
    ):
        answers.append(await service.patch(f"/users/{people.other.id}", change, by=admin))
    for path in (f"/users/{word}", f"/users/{word}/sessions", f"/auth/sessions/{word}"):
        answers += [await service.ask(method, f"/api/v1{path}", by=admin) for method in ("GET", "DELETE")]
    names = ("search", "sort", "order", "role", "status", "cursor", "page", "limit", "actor_id", "subject_id", "type",
             "since", "until")  # fmt: skip
    for name in names:
        answers += [await service.get(f"/{path}?{name}={word}", by=admin) for path in ("users", "audit-events")]
    assert [answer.text for answer in answers if answer.status_code >= 500] == []
    assert (await service.get("/users", by=admin)).status_code == 200
    assert (await service.get("/audit-events?limit=100", by=admin)).status_code == 200


@pytest.mark.parametrize("agent", [b"a\0b", b"a\x85b", b"a\x1bb", b"a\x7f\xadb"])
async def test_a_user_agent_is_stored_without_what_can_not_be_seen(service: Service, agent: bytes) -> None:
    """IN-01, LOG-03: beside a session and beside what is recorded of it. PostgreSQL has no texts with NUL."""
    user = service.people.user
    tokens = await service.signed_in(user, headers={"user-agent": agent})
    assert (await service.log_in(user.email, "wrong", headers={"user-agent": agent})).status_code == 401
    sessions = (await service.get("/auth/sessions", by=tokens)).json()["sessions"]
    assert [session["user_agent"] for session in sessions if session["current"]] == ["ab"]
    newest = (await service.events())[:2]
    assert {(event["type"], event["user_agent"]) for event in newest} == {
        ("sign_in.succeeded", "ab"),
        ("sign_in.failed", "ab"),
    }
