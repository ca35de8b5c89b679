"""Whose eyes the development mailbox is for."""

import pytest

from bukhindor.config import ConfigurationError, DevMailbox, Settings

OPEN_HOSTS = ["0.0.0.0", "::", "192.0.2.7", "2001:db8::7", "accounts.example.com", "localhost.example.com"]


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(environ, None)
    return refused.value.problems


@pytest.mark.parametrize("host", OPEN_HOSTS)
@pytest.mark.parametrize("given", [{}, {"DEV_MAILBOX": "local"}])
def test_a_mailbox_on_an_address_that_others_reach_is_refused(host: str, given: dict[str, str]) -> None:
    """CFG-05"""
    (problem,) = problems({"SERVER_HOST": host, **given})
    assert problem.startswith("DEV_MAILBOX: ")
    assert f"with SERVER_HOST {host} other machines could read every mail" in problem
    assert problem.endswith("; for example network or off")


@pytest.mark.parametrize("host", ["", "127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_on_a_loopback_address_nothing_needs_to_be_said(host: str) -> None:
    settings = Settings.read({"SERVER_HOST": host}, None)
    assert (settings.mail.dev_mailbox, settings.mail.has_dev_mailbox, settings.mail.drops_mails) == (
        DevMailbox.LOCAL,
        True,
        False,
    )


@pytest.mark.parametrize("host", OPEN_HOSTS)
def test_a_setting_can_share_the_mailbox_or_switch_it_off(host: str) -> None:
    """CFG-05"""
    shared = Settings.read({"SERVER_HOST": host, "DEV_MAILBOX": "network"}, None)
    assert (shared.mail.has_dev_mailbox, shared.mail.drops_mails) == (True, False)
    none = Settings.read({"SERVER_HOST": host, "DEV_MAILBOX": "OFF"}, None)
    assert (none.mail.has_dev_mailbox, none.mail.drops_mails) == (False, True)


@pytest.mark.parametrize("mailbox", ["local", "network", "off"])
def test_where_mails_are_sent_there_is_no_mailbox_to_protect(mailbox: str) -> None:
    given = {"SERVER_HOST": "0.0.0.0", "SMTP_URL": "smtp://mail.example.com", "DEV_MAILBOX": mailbox}
    settings = Settings.read(given, None)
    assert (settings.mail.has_dev_mailbox, settings.mail.drops_mails) == (False, False)


@pytest.mark.parametrize(
    ("variable", "value"), [("ENVIRONMENT", "prod"), ("SMTP_URL", "mail.example.com"), ("DEV_MAILBOX", "on")]
)
def test_a_value_that_cannot_be_read_is_reported_once_and_not_judged_by_its_default(variable: str, value: str) -> None:
    (problem,) = problems({"SERVER_HOST": "0.0.0.0", variable: value})
    assert problem.startswith(f"{variable}: ")
