"""Which addresses may come in, and whether anyone may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue, RegistrationClosed
from bukhindor.domain.ways_in import AddressPolicy, RegistrationMode, WaysIn, domain_and_parents
from tests.makers import address

LABELS = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), min_size=2, max_size=5)


def accepts(policy: AddressPolicy, email: str) -> bool:
    try:
        policy.check(address(email))
    except InvalidValue as refusal:
        return (refusal.kind, refusal.code) != (EmailAddress, "email_domain_not_accepted")
    return True


@pytest.mark.parametrize(
    ("email", "is_allowed", "is_blocked"),
    [
        ("ann@example.com", True, True),
        ("ann@EXAMPLE.com", True, True),
        ("ann@mail.example.com", True, True),
        ("ann@a.b.example.com", True, True),
        ("ann@notexample.com", False, False),
        ("ann@example.com.org", False, False),
        ("ann@example.org", False, False),
        ("ann@почта.рф", True, True),
        ("ann@xn--80a1acny.xn--p1ai", True, True),
        ("ann@a.почта.рф", True, True),
        ("example.com@example.org", False, False),
    ],
)
def test_a_domain_stands_for_its_subdomains_in_both_forms(email: str, is_allowed: bool, is_blocked: bool) -> None:
    domains = frozenset({"example.com", "xn--80a1acny.xn--p1ai"})
    assert accepts(AddressPolicy(allowed=domains), email) is is_allowed
    assert accepts(AddressPolicy(blocked=domains), email) is not is_blocked


def test_a_blocked_part_of_an_allowed_domain_stays_blocked() -> None:
    policy = AddressPolicy(frozenset({"example.com"}), frozenset({"old.example.com"}))
    assert accepts(policy, "ann@example.com")
    assert not accepts(policy, "ann@old.example.com")


def test_without_lists_every_domain_is_accepted() -> None:
    assert accepts(AddressPolicy(), "ann@example.com")


@given(LABELS)
def test_a_domain_has_as_many_parents_as_labels(labels: list[str]) -> None:
    domain = ".".join(labels)
    found = domain_and_parents(domain)
    assert len(found) == len(labels)
    assert (found[0], found[-1]) == (domain, labels[-1])
    assert all(domain == parent or domain.endswith(f".{parent}") for parent in found)


def test_only_an_open_registration_is_open_to_anyone() -> None:
    WaysIn().require_open_registration()
    with pytest.raises(RegistrationClosed):
        WaysIn(registration=RegistrationMode.CLOSED).require_open_registration()
