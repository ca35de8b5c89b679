"""Mails: where their links lead, and how they wait for their delivery."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import MAX_TRIES, Letter, LetterKind, Mail, MailLinks, MailNotAccepted, ReceivedMail
from bukhindor.domain.one_time_token import OneTimeSecret, Purpose
from tests.makers import T0, address, make_mail, make_queued_mail

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ANN = address("ann@example.com")
NOW = T0 + MINUTE


def page_of(purpose: str) -> str:
    return f"https://app.example.com/x/{purpose}"


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_has_its_page(purpose: Purpose) -> None:
    """RST-09: under the configured address, and nowhere else."""
    link = MailLinks(page_of).to(purpose, OneTimeSecret("t0ken", "12345678"))
    assert link == f"https://app.example.com/x/{purpose}?token=t0ken"


@given(st.sampled_from(Purpose), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_a_token_holds_it_stays_one_value_of_the_link(purpose: Purpose, token: str) -> None:
    """RST-09, ML-01: it adds no host, no path, no line and no second value; the code is not in it."""
    link = MailLinks(page_of).to(purpose, OneTimeSecret(token, "c0de"))
    parts = urlsplit(link)
    assert link.isascii()
    assert link.isprintable()
    assert " " not in link
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "app.example.com", "")
    assert parts.path.startswith("/x/")
    assert parse_qs(parts.query, strict_parsing=True) == {"token": [token]}


@pytest.mark.parametrize(("tries", "pause"), [(1, 30 * SECOND), (2, 2 * MINUTE), (3, 10 * MINUTE), (4, 30 * MINUTE)])
def test_after_each_failure_the_pause_is_longer(tries: int, pause: timedelta) -> None:
    """ML-03."""
    queued = make_queued_mail(tries=tries)
    assert queued.after_failure(NOW, permanent=False) == replace(queued, due_at=NOW + pause)


@given(st.integers(1, 20), st.booleans())
def test_a_failed_mail_waits_on_or_is_given_up(tries: int, permanent: bool) -> None:
    """ML-03, REL-29: after the fifth try, or when the server will never take it."""
    queued = make_queued_mail(tries=tries)
    after = queued.after_failure(NOW, permanent=permanent)
    if permanent or tries >= MAX_TRIES:
        assert after == replace(queued, failed_at=NOW)
    else:
        assert NOW < after.due_at <= NOW + 30 * MINUTE
        assert after == replace(queued, due_at=after.due_at)


def test_a_mail_has_five_tries() -> None:
    assert MAX_TRIES == 5


def test_link_code_and_text_are_not_printed() -> None:
    """LOG-01."""
    letter = Letter(LetterKind.RESET_PASSWORD, ANN, "Ann", LanguageTag("en"), "s3cret", "s3cret")
    mail = Mail(ANN, "Reset your password", "s3cret", "s3cret", ("s3cret",), ("s3cret",))
    assert "s3cret" not in repr((letter, mail, make_queued_mail(mail)))


def test_a_refusal_says_why_and_for_how_long() -> None:
    refusal = MailNotAccepted("The mailbox is full.", permanent=False)
    assert (str(refusal), refusal.permanent) == ("The mailbox is full.", False)


@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ("", True), (" \t\n", True), ("ann@example.com", True), ("ANN", True), ("reset PASSWORD", True),
        ("password reset", True), ("1234 5678", True), ("12345678", True), ("token=t0ken", True), ("ｒｅｓｅｔ", True),
        ("bob", False), ("reset bob", False), ("%", False), ("_", False), (".*", False), ("\x00", False),
        ("\ud800", False), ("<script>", False), ("x" * 10_000, False),
    ],
)  # fmt: skip
def test_a_search_finds_mails_that_contain_each_of_its_words(search: str, is_found: bool) -> None:
    assert ReceivedMail(1, make_mail(), "source", NOW).matches(search) is is_found


def test_a_search_knows_other_alphabets_and_spellings_of_a_letter() -> None:
    received = ReceivedMail(1, make_mail(subject="Сброс пароля: Ärger, Straße"), "", NOW)
    assert received.matches("ПАРОЛЯ a\u0308rger STRASSE")


def test_a_received_mail_prints_no_secret_and_no_source() -> None:
    assert "t0ken" not in repr(ReceivedMail(1, make_mail(), "t0ken", NOW))
