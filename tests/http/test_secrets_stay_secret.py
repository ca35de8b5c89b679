"""No secret leaves by the log or stays in the database"""

import logging

import pytest

from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Person, Service, Tokens, tokens_in
from tests.makers import address

MARIA = "maria@example.com"
FIRST, SECOND, THIRD, WRONG = "canary-first-41", "canary-second-42", "canary-third-43", "canary-wrong-44"


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def whole_life(service: Service) -> list[str]:
    """An account from registration to deletion, by every way there is; the secrets that were in use."""
    secrets = [PASSWORD, FIRST, SECOND, THIRD, WRONG]

    def note(tokens: Tokens) -> Tokens:
        secrets.extend((tokens.access_token, tokens.access_token.rpartition(".")[2], tokens.refresh_token))
        return tokens

    async def proof(to: str) -> tuple[str, str]:
        found = await service.proof(to)
        secrets.extend((found.token, found.link))
        return found.token, found.code

    await service.post("/auth/register", {"name": "Maria", "email": MARIA, "password": FIRST})
    maria = note(tokens_in(await service.log_in(MARIA, FIRST)))
    await service.log_in(MARIA, WRONG)
    token, code = await proof(MARIA)
    await service.ask("GET", f"/account/verify-email?token={token}")
    await service.post("/auth/verify-email/confirm", {"email": MARIA, "code": code}, by=maria)
    maria = note(await service.refreshed(maria))
    headers = {"cookie": f"access_token={maria.access_token}", "sec-fetch-site": "same-origin"}
    changing = {"current_password": FIRST, "new_password": SECOND}
    maria = note(tokens_in(await service.post("/auth/change-password", changing, headers=headers)))
    await service.post("/auth/change-email", {"new_email": "moved@example.com", "password": SECOND}, by=maria)
    token, _ = await proof("moved@example.com")
    await service.post("/auth/change-email/confirm", {"token": token})
    await service.post("/auth/sign-in-code", {"email": "moved@example.com"})
    token, _ = await proof("moved@example.com")
    await service.ask("GET", f"/account/sign-in-code?token={token}")
    note(tokens_in(await service.post("/auth/sign-in-code/confirm", {"token": token})))
    await service.post("/auth/reset-password", {"email": "moved@example.com"})
    token, _ = await proof("moved@example.com")
    await service.post("/auth/reset-password/confirm", {"token": token, "new_password": "x"})
    form = f"token={token}&password={THIRD}".encode()
    page = {"content-type": "application/x-www-form-urlencoded"}
    assert (await service.ask("POST", "/account/reset-password", content=form, headers=page)).status_code == 200
    maria = note(tokens_in(await service.log_in("moved@example.com", THIRD)))
    await service.get(f"/auth/me/export?access_token={maria.access_token}", by=maria)
    await service.ask("GET", f"/canary-path?password={FIRST}", by=maria)
    await service.ask("POST", "/api/v1/auth/login", content=f'{{"password": "{FIRST}"'.encode(),
                      headers={"content-type": "application/json"})  # fmt: skip
    await service.post("/auth/reset-password", {"email": "moved@example.com"})
    await proof("moved@example.com")
    await service.post("/auth/verify-email", {"email": service.people.user.email})
    await proof(service.people.user.email)
    return secrets


async def test_no_secret_is_in_the_log_or_in_the_database(
    service: Service, everything_logged: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """LOG-01, RST-03, RT-02, CFG-03: at the most talkative level, and in every file of the installation."""
    secrets = await whole_life(service)
    written = capfd.readouterr()
    # What the client of this test logs is its own business.
    records = [record for record in everything_logged.records if not record.name.startswith(("httpx", "httpcore"))]
    log = "\n".join([written.out, written.err, *(record.getMessage() for record in records)])
    files = service.stored()
    assert "route=/api/v1/auth/login" in log
    assert "/account/reset-password" in log
    assert b"password.reset" in files
    for secret in secrets:
        assert secret not in log
        assert secret.encode() not in files
    for word in ("Bearer ", "argon2", "access_token=", MARIA, "moved@example.com", "canary"):
        assert word not in log
    assert b"canary" not in files


async def test_codes_are_in_no_event_and_addresses_are_masked(service: Service) -> None:
    """LOG-01"""
    secrets = await whole_life(service)
    code = (await service.proof("moved@example.com")).code
    text = str(await service.events())
    for secret in (*secrets, code, MARIA, "moved@example.com"):
        assert secret not in text
    assert address("moved@example.com").masked in text


async def test_mails_that_wait_can_not_be_read_in_the_database(start_service: StartService) -> None:
    """LOG-01, RST-03: the link that the outbox holds is sealed."""
    service = await start_service(smtp_url="smtp://127.0.0.1:9")
    user: Person = service.people.user
    await service.post("/auth/reset-password", {"email": user.email}, headers={"user-agent": "canary-agent"})
    (waiting,) = service.sql("SELECT sealed_content FROM outbox ORDER BY created_at DESC, id DESC LIMIT 1")
    for word in (b"http", b"token", b"account", user.email.encode()):
        assert word not in waiting[0]
