"""bukhindor mail: what mails say, and one of them sent to try it."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bukhindor.domain.mail import LetterKind
from tests.adapters.smtp.sink import Sink, serving
from tests.cli.conftest import Command

KINDS = [kind.value for kind in LetterKind]


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the user's own mails."""
    folder = tmp_path / "mails"
    folder.mkdir()
    monkeypatch.setenv("TEMPLATES_DIR", str(folder))
    return folder


def test_every_mail_is_listed_with_its_files(bukhindor: Command, mails: Path) -> None:
    (mails / "reset_password.kk.html").write_text("{{ link }}")
    result = bukhindor("mail", "list")
    assert result.exit_code == 0
    head, *rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert head == ["KIND", "LANGUAGE", "SUBJECT", "TEXT", "HTML"]
    assert [(kind, tag) for kind, tag, *_ in rows] == [(kind, tag) for kind in KINDS for tag in ("en", "ru", "kk")]
    ours = "reset_password.ru.jinja (built in)"
    assert ["reset_password", "kk", ours, ours, "reset_password.kk.html"] in rows
    listed = json.loads(bukhindor("mail", "list", "--json").stdout)["mails"]
    assert [list(row.values()) for row in listed] == rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_previewed_part_by_part(bukhindor: Command, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("PRODUCT_NAME", "Example")
    parts = {part: bukhindor("mail", "preview", kind, "--part", part) for part in ("subject", "text", "html")}
    assert {result.exit_code for result in parts.values()} == {0}
    assert "Example" in parts["subject"].stdout
    assert parts["subject"].stdout.count("\n") == 1
    assert parts["text"].stdout.startswith("Hello Anna,\n")
    assert bukhindor("mail", "preview", kind).stdout == parts["text"].stdout
    assert parts["html"].stdout.startswith("<!doctype html>\n")
    assert bukhindor("mail", "preview", kind, "--language", "ru").stdout.startswith("Здравствуйте, Anna!\n")


def test_a_preview_follows_the_languages(bukhindor: Command, mails: Path) -> None:
    (mails / "password_changed.kk.txt").write_text("Құпия сөз өзгертілді.")
    assert bukhindor("mail", "preview", "password_changed", "--language", "kk-KZ").stdout == "Құпия сөз өзгертілді.\n"


def test_what_is_no_kind_and_no_language_is_wrong_usage(bukhindor: Command) -> None:
    assert bukhindor("mail", "preview", "birthday").exit_code == 2
    result = bukhindor("mail", "preview", "reset_password", "--language", "ru_RU")
    assert (result.exit_code, "ru_RU is not a language tag" in result.stderr) == (2, True)


def test_a_broken_template_is_named_in_a_preview_and_others_are_shown(bukhindor: Command, mails: Path) -> None:
    (mails / "new_device.en.txt").write_text("ok\n{{ oops }}")
    result = bukhindor("mail", "preview", "new_device")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "TEMPLATES_DIR: new_device.en.txt, line 2: 'oops' is undefined\n"
    assert bukhindor("mail", "preview", "password_changed").exit_code == 0


def test_exported_templates_write_the_same_mails(
    bukhindor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything() -> list[str]:
        return [
            bukhindor("mail", "preview", kind, "--language", language, "--part", part).stdout
            for kind in KINDS
            for language in ("en", "ru")
            for part in ("subject", "text", "html")
        ]

    ours = everything()
    result = bukhindor("mail", "export", "new/mails")
    assert result.exit_code == 0
    assert "Set TEMPLATES_DIR to it" in result.stdout
    names = {path.name for path in Path("new/mails").iterdir()}
    parts = {
        f"{kind}.{tag}.{part}" for kind in KINDS for tag in ("en", "ru") for part in ("subject.txt", "txt", "html")
    }
    assert names - parts == {"common.en.jinja", "common.ru.jinja", "layout.html", "layout.txt", "layout.subject.txt"}
    assert parts <= names
    monkeypatch.setenv("TEMPLATES_DIR", "new/mails")
    assert everything() == ours
    assert "built in" not in bukhindor("mail", "list").stdout


def test_an_export_replaces_no_file(bukhindor: Command, mails: Path) -> None:
    (mails / "layout.html").write_text("mine")
    result = bukhindor("mail", "export", str(mails))
    assert (result.exit_code, "layout.html is there already" in result.stderr) == (1, True)
    assert [(path.name, path.read_text()) for path in mails.iterdir()] == [("layout.html", "mine")]


async def test_a_mail_is_sent_to_try_it(bukhindor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCT_NAME", "Example")
    async with serving(Sink()) as sink:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{sink.port}?starttls=never")
        arguments = ("mail", "send-test", "new_device", " Ann@Example.com ", "--language", "ru")
        result = await asyncio.to_thread(bukhindor, *arguments)
    assert result.exit_code == 0
    assert "ann@example.com" in result.stdout
    (received,) = sink.received
    assert received.recipients == ["ann@example.com"]
    assert received.message["from"] == "Example <no-reply@localhost.localdomain>"
    assert "Вход с нового устройства" in received.message["subject"]
    assert "Firefox on Windows" in received.part("plain")


async def test_a_mail_that_is_not_taken_or_has_no_server_is_refused(
    bukhindor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = bukhindor("mail", "send-test", "new_device", "ann@example.com")
    assert (without.exit_code, "SMTP_URL is not set" in without.stderr) == (1, True)
    assert bukhindor("mail", "send-test", "new_device", "ann").exit_code == 1
    async with serving(Sink(replies={"RCPT": "550 5.1.1 no such user"})) as sink:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{sink.port}?starttls=never")
        result = await asyncio.to_thread(bukhindor, "mail", "send-test", "new_device", "ann@example.com")
    assert (result.exit_code, "550 5.1.1" in result.stderr) == (1, True)


def test_mails_that_wait_are_listed_and_retried(bukhindor: Command) -> None:
    bukhindor("users", "create", "--email", "ann@example.com", "--name", "Ann")
    head, row = [line.split("\t") for line in bukhindor("mail", "queue").stdout.splitlines()]
    assert head == ["ID", "TO", "SUBJECT", "STATE", "TRIES", "QUEUED"]
    id, to, subject, state, tries, _ = row
    assert (to, subject, tries) == ("ann@example.com", "Confirm your email address for Bukhindor", "0")
    assert state.startswith("due ")
    assert bukhindor("mail", "retry", id).exit_code == 1
    give_up = "UPDATE outbox SET tries = 5, failed_at = due_at"
    change(give_up)
    (listed,) = json.loads(bukhindor("mail", "queue", "--json").stdout)["mails"]
    assert (listed["id"], listed["to"], listed["tries"]) == (id, to, 5)
    assert bukhindor("mail", "queue").stdout.splitlines()[1].split("\t")[3].startswith("given up ")
    assert bukhindor("mail", "retry", id).stdout == "The mail is due now.\n"
    assert json.loads(bukhindor("mail", "queue", "--json").stdout)["mails"][0]["failed_at"] is None
    change(give_up)
    assert bukhindor("mail", "retry", "--failed").stdout == "1 mail is due now.\n"
    assert bukhindor("mail", "retry", "--failed").stdout == "0 mails are due now.\n"


@pytest.mark.parametrize("arguments", [[], ["x"], ["01900000-0000-7000-8000-000000000001", "--failed"]])
def test_one_mail_or_all_that_failed_are_retried(bukhindor: Command, arguments: list[str]) -> None:
    assert bukhindor("mail", "retry", *arguments).exit_code == 2


def test_a_mail_that_is_not_in_the_queue_is_refused(bukhindor: Command) -> None:
    bukhindor("migrate", "up")
    result = bukhindor("mail", "retry", "01900000-0000-7000-8000-000000000001")
    assert (result.exit_code, "not in the queue" in result.stderr) == (1, True)


def change(statement: str) -> None:
    with closing(sqlite3.connect("data/bukhindor.db")) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("text", ["ok\n{{ oops }}", "ok\n{% if %}"])
def test_a_broken_template_stops_the_start_with_one_message(mails: Path, text: str) -> None:
    (mails / "password_changed.kk.html").write_text(text)
    ended = subprocess.run([sys.executable, "-m", "bukhindor", "serve"], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    (message,) = ended.stderr.splitlines()
    assert message.startswith("TEMPLATES_DIR: password_changed.kk.html, line 2: ")
    assert not Path("data").exists() or not list(Path("data").glob("*.db"))
