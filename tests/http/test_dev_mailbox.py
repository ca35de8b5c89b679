"""/dev/mailbox: the mails of a development installation"""

import re
from datetime import datetime
from html import unescape

import pytest

from bukhindor.config import DevMailbox
from bukhindor.web.pages.routes import DEVELOPER_PAGES
from tests.http.answers import assert_problem, assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, PUBLIC_URL, Service

PATHS = [row.path.replace("{number}", "1") for row in DEVELOPER_PAGES]
PRODUCTION = {
    "environment": "production",
    "public_url": "https://api.example.com",
    "smtp_url": "smtp://127.0.0.1:9",
    "mail_from": "no-reply@example.com",
}


async def test_mails_are_listed_the_newest_first(service: Service) -> None:
    people = service.people
    for person in (people.user, people.other):
        await service.post("/auth/reset-password", {"email": person.email})
        await service.mails()
    answer = await service.ask("GET", "/dev/mailbox.json")
    newest, older = answer.json()["messages"][:2]
    assert (newest["to"], older["to"]) == (people.other.email, people.user.email)
    assert set(newest) == {"id", "to", "subject", "text", "html", "created_at", "links", "codes"}
    assert newest["id"] > older["id"]
    assert datetime.fromisoformat(newest["created_at"]).tzinfo is not None
    assert newest["links"][0] in newest["text"]
    assert (answer.headers["content-type"], len(newest["codes"][0])) == ("application/json", 8)
    assert_safe_headers(answer)


async def test_the_page_shows_them(service: Service) -> None:
    """WEB-07"""
    await service.post("/auth/reset-password", {"email": service.people.user.email})
    proof = await service.proof(service.people.user.email)
    shown = await service.ask("GET", "/dev/mailbox")
    assert re.findall(r"<script[^>]*/mailbox\.js[^>]*>", shown.text) == re.findall("<script[^>]*>", shown.text)
    number = (await service.mails())[0]["id"]
    assert f'href="/dev/mailbox/{number}"' in shown.text
    message = await service.ask("GET", f"/dev/mailbox/{number}")
    assert f'href="{proof.link}"' in message.text
    assert proof.code in message.text
    assert "<script" not in message.text
    assert f'<iframe sandbox src="/dev/mailbox/{number}/html"' in message.text
    for answer in (shown, message):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "style-src 'self'", "form-action 'self'", "base-uri 'none'"} <= set(policy)
        assert not any("unsafe-inline" in directive for directive in policy)
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert_safe_headers(answer)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "{{7*7}}", "${title}"])
async def test_a_hostile_name_is_only_shown(service: Service, name: str) -> None:
    """WEB-08, ML-02"""
    await service.post("/auth/register", {"name": name, "email": "eve@example.com", "password": PASSWORD})
    await service.mails("eve@example.com")
    await service.change("UPDATE users SET email_verified = true WHERE email = ?", "eve@example.com")
    await service.post("/auth/reset-password", {"email": "eve@example.com"})
    mail, verification = await service.mails("eve@example.com")
    # An address that is not verified may be a stranger's: nothing that was typed reaches it.
    assert name not in unescape(verification["html"])
    page = (await service.ask("GET", f"/dev/mailbox/{mail['id']}")).text
    for markup in (page, mail["html"]):
        assert "<script" not in markup
        assert "<svg" not in markup
        assert name in unescape(markup)


@pytest.mark.parametrize(
    "header",
    ["a\r\nBcc: victim@example.com", "a\nBcc: victim@example.com", "a\x00", "a\u2028Bcc: x", "a\u202egnp.exe"],
)
@pytest.mark.parametrize("field", ["name", "email"])
async def test_no_header_of_a_mail_comes_from_outside(service: Service, field: str, header: str) -> None:
    """ML-01"""
    before = len(await service.mails())
    body = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    body[field] = header if field == "name" else f"{header}@example.com"
    assert_problem(await service.post("/auth/register", body), 400, "validation_failed", field)
    assert_problem(await service.post("/auth/reset-password", {"email": f"{header}@example.com"}), 400,
                   "validation_failed", "email")  # fmt: skip
    assert len(await service.mails()) == before


async def test_percent_signs_and_templates_stay_what_they_are(service: Service) -> None:
    """ML-01, ML-02"""
    body = {"name": "a%0d%0aBcc: x", "email": "eve@example.com", "password": PASSWORD}
    assert (await service.post("/auth/register", body)).status_code == 201
    (mail,) = await service.mails("eve@example.com")
    assert "\n" not in mail["subject"]
    assert "Bcc" not in mail["subject"]


@pytest.mark.parametrize("path", PATHS)
async def test_production_has_no_such_address(start_service: StartService, path: str) -> None:
    """ERR-05"""
    service = await start_service(**PRODUCTION)
    assert_problem(await service.ask("GET", path), 404, "not_found")
    assert_problem(await service.ask("GET", path, by=service.people.admin), 404, "not_found")


async def test_neither_has_one_that_sends_its_mails(start_service: StartService) -> None:
    service = await start_service(smtp_url="smtp://127.0.0.1:9")
    assert_problem(await service.ask("GET", "/dev/mailbox.json"), 404, "not_found")


@pytest.mark.parametrize("path", PATHS)
async def test_a_mailbox_that_is_off_is_not_there_and_mails_go_nowhere(start_service: StartService, path: str) -> None:
    """CFG-05"""
    service = await start_service(dev_mailbox=DevMailbox.OFF)
    answer = await service.post("/auth/reset-password", {"email": service.people.user.email})
    assert answer.status_code == 200
    await service.application.services.mail_delivery.deliver_due()
    assert service.sql("SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL") == [(0,)]
    assert_problem(await service.ask("GET", path), 404, "not_found")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "localhost.evil.example:8080", "127.0.0.1.nip.io", "192.0.2.1:8080", "[2001:db8::1]", "[",
        "[::1", "localhost:8080:8080", "localhost@evil.example", "", "x" * 5_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_name_that_was_made_to_lead_here_finds_nothing(
    service: Service, path: str, method: str, host: str
) -> None:
    """CFG-05: the response is that of an address which does not exist, and shows no mail."""
    await service.post("/auth/reset-password", {"email": service.people.user.email})
    proof = await service.proof(service.people.user.email)
    headers = {"host": host.encode("latin-1")}
    answer = await service.ask(method, path, headers=headers)
    nothing = await service.ask(method, "/dev/nothing", headers=headers)
    assert (answer.status_code, nothing.status_code) == (404, 404)
    changing = ("x-request-id", "content-length")
    assert [header for header in answer.headers.items() if header[0] not in changing] == [
        header for header in nothing.headers.items() if header[0] not in changing
    ]
    if method == "GET":
        assert_problem(answer, 404, "not_found")
        assert proof.token not in answer.text
        assert proof.code not in answer.text
    assert (await service.ask("GET", "/health", headers=headers)).status_code == 200, "the rest answers to any name"


@pytest.mark.parametrize("host", ["localhost:3000", "127.0.0.1", "[::1]:8080", "LOCALHOST"])
async def test_this_machine_finds_its_mailbox_by_each_of_its_names(service: Service, host: str) -> None:
    """CFG-05"""
    assert (await service.ask("GET", "/dev/mailbox", headers={"host": host})).status_code == 200


async def test_the_hosts_that_settings_name_find_the_mailbox(start_service: StartService) -> None:
    """CFG-05"""
    service = await start_service(
        server_host="2001:db8::7", public_url="http://box.example.com:8080", dev_mailbox=DevMailbox.NETWORK
    )
    for host in ("[2001:db8::7]:8080", "box.example.com:8080", "box.example.com", "192.0.2.1:8080", "localhost"):
        assert (await service.ask("GET", "/dev/mailbox.json", headers={"host": host})).status_code == 200, host
    for host in ("evil.example", "box.example.com.evil.example", "192.0.2.1.nip.io"):
        assert_problem(await service.ask("GET", "/dev/mailbox.json", headers={"host": host}), 404, "not_found")


async def test_a_mail_server_that_is_away_is_no_one_s_failure(start_service: StartService) -> None:
    """ML-03: the response is the same and the mail waits."""
    service = await start_service(smtp_url="smtp://127.0.0.1:9")
    await service.change("DELETE FROM outbox")
    answer = await service.post("/auth/reset-password", {"email": service.people.user.email})
    assert answer.status_code == 200
    await service.application.services.mail_delivery.deliver_due()
    assert service.sql("SELECT count(*), count(*) FILTER (WHERE failed_at IS NULL) FROM outbox") == [(1, 1)]
    assert (await service.ask("GET", "/health/ready")).status_code == 200


async def test_no_mail_is_delivered_twice(service: Service) -> None:
    """ML-03"""
    user = service.people.user
    before = len(await service.mails(user.email))
    await service.post("/auth/reset-password", {"email": user.email})
    for _ in range(3):
        assert len(await service.mails(user.email)) == before + 1
        await service.application.services.mail_delivery.deliver_due()
    assert PUBLIC_URL in (await service.mails(user.email))[0]["text"]
