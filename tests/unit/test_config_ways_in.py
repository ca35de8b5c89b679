"""REGISTRATION, EMAIL_VERIFICATION and the lists of domains."""

import sys

import pytest

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.ways_in import EmailVerificationMode
from bukhindor.domain.ways_in import RegistrationMode


def read(**variables: str) -> Settings:
    return Settings.read(variables, None)


def problem(**variables: str) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        read(**variables)
    (found,) = refusal.value.problems
    return found


def shown(settings: Settings, variable: str) -> str:
    return next(each.text for each in settings.variables if each.name == variable)


def test_by_default_anyone_registers_and_signs_in() -> None:
    ways_in = read().ways_in
    assert (ways_in.registration, ways_in.email_verification) == (RegistrationMode.OPEN, EmailVerificationMode.OPTIONAL)
    assert (ways_in.allowed_email_domains, ways_in.blocked_email_domains) == ((), ())
    assert not ways_in.block_disposable_email


def test_domains_are_read_in_both_forms_and_shown_to_people() -> None:
    settings = read(ALLOWED_EMAIL_DOMAINS="Example.COM, почта.рф,xn--80a1acny.xn--p1ai,", BLOCKED_EMAIL_DOMAINS="a.de")
    assert settings.ways_in.allowed_email_domains == ("example.com", "xn--80a1acny.xn--p1ai")
    assert shown(settings, "ALLOWED_EMAIL_DOMAINS") == "example.com,почта.рф"
    assert settings.ways_in.blocked_email_domains == ("a.de",)


@pytest.mark.parametrize("domain", ["localhost", "*.example.com", "ann@example.com", "@example.com", ".example.com"])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    assert "is not a domain; a domain stands for its subdomains" in problem(BLOCKED_EMAIL_DOMAINS=domain)


@pytest.mark.parametrize("blocked", ["example.com", "a.de,mail.example.com"])
def test_a_domain_is_not_allowed_and_blocked(blocked: str) -> None:
    found = problem(ALLOWED_EMAIL_DOMAINS="mail.example.com", BLOCKED_EMAIL_DOMAINS=blocked)
    assert found.startswith("ALLOWED_EMAIL_DOMAINS: mail.example.com is blocked by BLOCKED_EMAIL_DOMAINS")


def test_a_part_of_an_allowed_domain_may_be_blocked() -> None:
    read(ALLOWED_EMAIL_DOMAINS="example.com", BLOCKED_EMAIL_DOMAINS="old.example.com")


def test_verification_is_not_required_where_no_mail_arrives() -> None:
    found = problem(EMAIL_VERIFICATION="required", DEV_MAILBOX="off")
    assert found.startswith("EMAIL_VERIFICATION: without SMTP_URL and with DEV_MAILBOX off no mail arrives")
    assert read(EMAIL_VERIFICATION="required").ways_in.email_verification is EmailVerificationMode.REQUIRED


def test_a_missing_extra_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(BLOCK_DISPOSABLE_EMAIL="true").ways_in.block_disposable_email
    monkeypatch.delitem(sys.modules, "disposable_email_domains", raising=False)
    monkeypatch.setattr(sys, "path", [])
    assert problem(BLOCK_DISPOSABLE_EMAIL="true") == (
        "BLOCK_DISPOSABLE_EMAIL: the list of such domains is not here; install bukhindor-backend[disposable-email]; "
        "for example false"
    )


def test_review_accounts_are_read_and_their_codes_are_shown_nowhere() -> None:
    """CFG-03"""
    settings = read(REVIEW_ACCOUNTS="Review@Example.com:12345678, test@example.com:00000000")
    accounts = settings.ways_in.review_accounts
    assert {email.value: accounts.code_of(email) for email in accounts} == {
        "review@example.com": "12345678",
        "test@example.com": "00000000",
    }
    assert shown(settings, "REVIEW_ACCOUNTS") == "review@example.com:***,test@example.com:***"
    assert shown(read(), "REVIEW_ACCOUNTS") == "none"
    assert "12345678" not in repr(settings) + repr(settings.ways_in)


NOT_A_PAIR = "the value is not an address, a colon and a code of eight digits"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("review@example.com", NOT_A_PAIR),
        ("review@example.com:1234567", NOT_A_PAIR),
        ("review@example.com:123456789", NOT_A_PAIR),
        ("review@example.com:1234567x", NOT_A_PAIR),
        ("review@example.com:\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", NOT_A_PAIR),
        ("a@example.com:12345678,b@example.com:x", "value 2 of 2 is not an address"),
        ("12345678", NOT_A_PAIR),
        ("review:12345678", '"review" is not an email address'),
        ("a@example.com:12345678,A@example.com:87654321", "a@example.com is named twice"),
    ],
)
def test_a_review_account_that_can_not_be_meant_stops_the_start(text: str, reason: str) -> None:
    """CFG-02, CFG-03"""
    found = problem(REVIEW_ACCOUNTS=text)
    assert found.startswith(f"REVIEW_ACCOUNTS: {reason}")
    told, _, example = found.partition("; for example ")
    assert example == "review@example.com:12345678"
    assert "12345678" not in told
    assert "87654321" not in told
