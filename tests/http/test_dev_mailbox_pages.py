"""/dev/mailbox in use: one mail with its parts, search, news, restarts and several processes"""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_string
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from bukhindor.config import DevMailbox
from bukhindor.domain.mail import Mail
from bukhindor.ports.mail import Mailer
from tests.http.answers import assert_problem, assert_safe_headers
from tests.http.databases import Databases, PostgresDatabases
from tests.http.service import Database, People, Service, started
from tests.makers import make_mail

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg><base href='https://evil.example/'>"
    "<form action='https://evil.example/'><button>Go</button></form><a href='javascript:alert(1)'>Open</a>"
    "<meta http-equiv='refresh' content='0;url=https://evil.example/'></pre></iframe></title>"
)


def mailer_of(service: Service) -> Mailer:
    return service.application.services.mail_delivery.mailer


async def received(service: Service, mail: Mail) -> int:
    """Let the mailbox receive a mail after those that wait. Return its number."""
    await service.mails()
    await mailer_of(service).send(mail, uuid4())
    number: int = (await service.mails())[0]["id"]
    return number


async def emptied(service: Service) -> None:
    """Let the mails that wait arrive, and remove them."""
    await service.mails()
    await service.change("DELETE FROM received_mails")


async def found(service: Service, **query: str) -> list[str]:
    """The subjects that a search finds."""
    shown = await service.ask("GET", f"/dev/mailbox.json?{urlencode(query)}")
    return [mail["subject"] for mail in shown.json()["messages"]]


@contextmanager
def lent(databases: Databases, folder: Path) -> Iterator[Database]:
    """A database for several starts of a service."""
    database = databases.lend(folder)
    try:
        yield database
    finally:
        databases.take_back(database)


def directives(policy: str) -> dict[str, str]:
    return {name: values for name, _, values in (each.partition(" ") for each in policy.split("; "))}


async def test_the_html_part_comes_as_it_is_and_can_do_nothing(service: Service) -> None:
    """WEB-07, WEB-08"""
    number = await received(service, make_mail(html=HOSTILE))
    answer = await service.ask("GET", f"/dev/mailbox/{number}/html")
    assert (answer.status_code, answer.text) == (200, HOSTILE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert directives(answer.headers["content-security-policy"]) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "'self' data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
    page = await service.ask("GET", f"/dev/mailbox/{number}")
    assert directives(page.headers["content-security-policy"])["frame-src"] == "'self'"


async def test_hostile_texts_are_shown_as_texts(service: Service) -> None:
    """WEB-08"""
    number = await received(service, make_mail(subject=HOSTILE, text=HOSTILE, links=("javascript:alert(1)",)))
    for path in ("/dev/mailbox", f"/dev/mailbox/{number}", f"/dev/mailbox?search={quote(HOSTILE[:200])}"):
        page = await service.ask("GET", path)
        assert page.status_code == 200
        assert HOSTILE in unescape(page.text)
        own = re.sub(r'<script src="/[\w/]+/mailbox\.js\?v=\w+" defer>|<noscript><meta', "", page.text)
        # The product's own logo stands above every page.
        own = re.sub(r'<img class="logo" src="/[\w/]+/icon\.svg\?v=\w+" alt="">', "", own)
        for tag in ("<script", "<img", "<svg", "<base", "<button>Go", "<meta http-equiv", "alert(1)</a>", "</pre></if"):
            assert tag not in own, tag
        assert 'href="javascript:' not in page.text
    assert "javascript:alert(1)" in (await service.ask("GET", f"/dev/mailbox/{number}")).text


async def test_the_source_is_text(service: Service) -> None:
    number = await received(service, make_mail("ann@example.com", subject="Сброс", html=HOSTILE))
    answer = await service.ask("GET", f"/dev/mailbox/{number}/source")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert_safe_headers(answer)
    message = message_from_string(answer.text, policy=default)
    assert (message["to"], message["subject"]) == ("ann@example.com", "Сброс")
    part = message.get_body(("html",))
    assert part is not None
    assert part.get_content().strip() == HOSTILE


@pytest.mark.parametrize(
    "number", ["0", "2", "01", "-1", "1.0", "1e0", "x", "{number}", "%31", "٣", "9" * 18, "9" * 40, "1%00", ".."]
)
@pytest.mark.parametrize("part", ["", "/html", "/source"])
async def test_there_is_no_other_mail(service: Service, number: str, part: str) -> None:
    await emptied(service)
    await mailer_of(service).send(make_mail(), uuid4())
    assert (await service.ask("GET", f"/dev/mailbox/1{part}")).status_code == 200
    assert_problem(await service.ask("GET", f"/dev/mailbox/{number}{part}"), 404, "not_found")


@pytest.mark.parametrize(
    ("search", "subjects"),
    [
        ("", ["Zwei", "Eins"]), ("eins", ["Eins"]), (" EINS  bob ", ["Eins"]), ("bob@example.com", ["Zwei", "Eins"]),
        ("eins zwei", []), ("%", []), ("_", []), ("\\", []), ("'; DROP TABLE received_mails; --", []), ("(.*)+", []),
        ("\x00", []), ("\u202e", ["Zwei", "Eins"]), ("[", []), ("é" * 200, []),
    ],
)  # fmt: skip
async def test_a_search_takes_any_text_as_words(service: Service, search: str, subjects: list[str]) -> None:
    await emptied(service)
    for subject in ("Eins", "Zwei"):
        await mailer_of(service).send(make_mail("bob@example.com", subject=subject), uuid4())
    assert await found(service, search=search) == subjects
    page = await service.ask("GET", f"/dev/mailbox?{urlencode({'search': search})}")
    assert [subject for subject in ("Zwei", "Eins") if f">{subject}</span>" in page.text] == subjects
    assert ("No mail matches." in page.text) is not bool(subjects)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("search=" + "x" * 201, "search"),
        ("search=a&search=b", "search"),
        ("search=%ff", "query"),
        ("search=%ED%A0%80", "query"),
    ],
)
async def test_what_is_no_search_is_refused(service: Service, query: str, field: str) -> None:
    for path in ("/dev/mailbox", "/dev/mailbox.json"):
        assert_problem(await service.ask("GET", f"{path}?{query}"), 400, "validation_failed", field)


@pytest.mark.parametrize("path", ["/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox?search=reset"])
async def test_who_has_the_newest_list_is_not_sent_it_again(service: Service, path: str) -> None:
    await received(service, make_mail())
    etag = (await service.ask("GET", path)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        same = await service.ask("GET", path, headers={"if-none-match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    for unknown in ('"other"', "", etag.strip('"')):
        assert (await service.ask("GET", path, headers={"if-none-match": unknown})).status_code == 200
    await received(service, make_mail(subject="Reset once more"))
    newer = await service.ask("GET", path, headers={"if-none-match": etag})
    assert newer.status_code == 200
    assert newer.headers["etag"] != etag
    assert "Reset once more" in newer.text


async def test_the_script_and_the_style_come_from_here(service: Service) -> None:
    """WEB-07"""
    page = (await service.ask("GET", "/dev/mailbox")).text
    script_address, style_address = (
        re.findall(rf'"(/[^"]+/{name}[^"]*)"', page)[0] for name in ("mailbox.js", "mailbox.css")
    )
    script = await service.ask("GET", script_address)
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert not re.search(r"innerHTML\s*=[^=]|eval|document\.write", script.text)
    style = await service.ask("GET", style_address)
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page


async def test_a_restart_keeps_the_mails(databases: Databases, people: People, tmp_path: Path) -> None:
    with lent(databases, tmp_path) as database:
        async with started(database, people, tmp_path) as service:
            number = await received(service, make_mail(subject="Before the restart"))
            page = await service.ask("GET", f"/dev/mailbox/{number}")
        async with started(database, people, tmp_path) as service:
            assert "Before the restart" in await found(service)
            assert (await service.ask("GET", f"/dev/mailbox/{number}")).text == page.text


@pytest.mark.parametrize("changes", [{"smtp_url": "smtp://127.0.0.1:9"}, {"dev_mailbox": DevMailbox.OFF}])
async def test_the_mails_go_when_the_mailbox_does(
    databases: Databases, people: People, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """CFG-05: their links may still work."""
    with lent(databases, tmp_path) as database:
        async with started(database, people, tmp_path) as service:
            service.clock.advance(timedelta(seconds=-1))
            await mailer_of(service).send(make_mail(), uuid4())
            assert service.sql("SELECT count(*) FROM received_mails") != [(0,)]
        async with started(database, people, tmp_path, **changes) as service:
            end = time.monotonic() + 20
            while service.sql("SELECT count(*) FROM received_mails") != [(0,)]:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)


async def test_two_instances_on_one_database_show_the_same_mails(
    postgres_databases: PostgresDatabases, tmp_path: Path
) -> None:
    people = postgres_databases.people
    with lent(postgres_databases, tmp_path) as database:
        async with (
            started(database, people, tmp_path) as one,
            started(database, people, tmp_path) as other,
        ):
            await one.mails()
            sending = [
                mailer_of(each).send(make_mail(subject=f"Number {n}"), uuid4())
                for n in range(10)
                for each in (one, other)
            ]
            await asyncio.gather(*sending)
            shown = [(await each.ask("GET", "/dev/mailbox.json")).json()["messages"] for each in (one, other)]
            assert shown[0] == shown[1]
            assert sorted(mail["subject"] for mail in shown[0][:20]) == sorted(
                f"Number {n}" for n in range(10) for _ in "12"
            )
            etags = {(await each.ask("GET", "/dev/mailbox")).headers["etag"] for each in (one, other)}
            assert len(etags) == 1
