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
