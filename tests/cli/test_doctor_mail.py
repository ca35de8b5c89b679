"""bukhindor doctor and the mail server."""

import asyncio
from pathlib import Path

import pytest

from tests.adapters.smtp.sink import Sink, serving
from tests.cli.conftest import Command
from tests.cli.test_doctor import examined

ANN = "ann@example.com"

pytestmark = pytest.mark.usefixtures("unhurried")


async def test_a_mail_server_is_asked_and_gets_no_mail(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Sink()) as sink:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{sink.port}?starttls=never")
        code, found = await asyncio.to_thread(examined, bukhindor)
    assert (code, sink.connections, sink.received) == (0, 1, [])
    assert found["mail"]["found"] == f"127.0.0.1 port {sink.port} responds, and requires no login"
    code, found = await asyncio.to_thread(examined, bukhindor)
    assert (code, found["mail"]["state"]) == (1, "problem")
    assert "refused the connection" in found["mail"]["found"]
    assert "SMTP_URL" in found["mail"]["advice"]


async def test_a_test_mail_is_really_sent_when_asked_for(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_FROM", "Accounts <no-reply@example.com>")
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.com")
    async with serving(Sink()) as sink:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{sink.port}?starttls=never")
        result = await asyncio.to_thread(bukhindor, "doctor", "--send-mail", " Ann@Example.com ")
    assert result.exit_code == 0
    assert f"took a test mail for {ANN}" in result.stdout
    (received,) = sink.received
    assert (received.sender, received.recipients) == ("no-reply@example.com", [ANN])
    assert received.message["from"] == "Accounts <no-reply@example.com>"
    assert "https://api.example.com can send mails" in received.part("plain")
    assert "https://api.example.com can send mails" in received.part("html")
    assert not Path("data").exists()


async def test_a_test_mail_that_is_not_taken_is_a_problem(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Sink(replies={"RCPT": "550 5.1.1 no such user"})) as sink:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{sink.port}?starttls=never")
        result = await asyncio.to_thread(bukhindor, "doctor", "--send-mail", ANN)
    assert result.exit_code == 1
    assert "problem  mail: 127.0.0.1 port" in result.stdout
    assert "550" in result.stdout
    assert result.stdout.endswith("1 problem found.\n")
    assert sink.received == []


def test_no_test_mail_goes_to_the_development_mailbox_or_to_what_is_no_address(bukhindor: Command) -> None:
    refused = bukhindor("doctor", "--send-mail", ANN)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "This installation sends no mail: set SMTP_URL to send one.\n"
    unreadable = bukhindor("doctor", "--send-mail", "ann")
    assert (unreadable.exit_code, unreadable.stdout) == (1, "")
    assert unreadable.stderr == "--send-mail: This is not a valid email address.\n"


def test_a_password_of_the_mail_server_is_in_no_line(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """CFG-03"""
    monkeypatch.setenv("SMTP_URL", "smtp://ann@example.com:hunter22@127.0.0.1:1")
    result = bukhindor("doctor")
    assert result.exit_code == 1
    assert "127.0.0.1 port 1: " in result.stdout
    assert "hunter22" not in result.output
    assert "ann@" not in result.output


def test_templates_of_ones_own_are_tried(bukhindor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    _, found = examined(bukhindor)
    assert "mail templates" not in found
    monkeypatch.setenv("TEMPLATES_DIR", str(folder))
    code, found = examined(bukhindor)
    assert (code, found["mail templates"]["state"]) == (0, "ok")
    (folder / "layout.txt").write_text("{{ oops }}")
    code, found = examined(bukhindor)
    assert (code, found["mail templates"]["state"]) == (1, "problem")
    assert found["mail templates"]["found"] == "TEMPLATES_DIR: layout.txt, line 1: 'oops' is undefined"


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("smtp://mail.invalid:25?starttls=never", "DNS has no address for it"),
        ("smtp://127.0.0.1:1?starttls=never", "refused the connection"),
        ("smtps://127.0.0.1:{port}", "TLS was not accepted"),
        ("smtp://ann:x@127.0.0.1:{port}?starttls=never", "offers no login"),
    ],
)
async def test_the_cause_is_named(bukhindor: Command, monkeypatch: pytest.MonkeyPatch, url: str, cause: str) -> None:
    async with serving(Sink()) as sink:
        monkeypatch.setenv("SMTP_URL", url.format(port=sink.port))
        code, found = await asyncio.to_thread(examined, bukhindor)
    assert (code, found["mail"]["state"]) == (1, "problem")
    assert cause in found["mail"]["found"]
