"""The list of domains whose mailboxes anyone can open."""

import pytest

from bukhindor.adapters.memory import disposable_domains
from bukhindor.adapters.memory.disposable_domains import load_disposable_domains
from bukhindor.domain.domain_name import ascii_domain


def test_well_known_domains_are_on_the_list_in_the_form_of_addresses() -> None:
    domains = load_disposable_domains()
    assert {"mailinator.com", "guerrillamail.com", "yopmail.com"} <= domains
    assert {domain for domain in domains if ascii_domain(domain) != domain} == set()


@pytest.mark.parametrize("domain", ["gmail.com", "yandex.ru", "mail.ru", "outlook.com", "icloud.com", "proton.me"])
def test_ordinary_domains_are_not(domain: str) -> None:
    assert domain not in load_disposable_domains()


def test_a_short_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disposable_domains, "blocklist", {"mailinator.com"})
    with pytest.raises(RuntimeError, match="does not contain the list"):
        load_disposable_domains()
