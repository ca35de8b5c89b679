"""Guests: accounts without an address, which become those of people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidInput, InvalidValue
from bukhindor.domain.guest import claimed, merged, new_guest
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.metadata import MAX_BYTES, Metadata, MetadataPatch
from bukhindor.domain.origin import Language
from bukhindor.domain.user import Role, Status, UserChanges
from bukhindor.domain.ways_in import AddressPolicy
from tests.makers import T0, address, make_guest, make_user

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
LATER = T0 + timedelta(days=1)


def test_a_guest_begins_without_an_address_and_without_a_password() -> None:
    guest = new_guest(ID, None, LanguageTag.parse("en"), Language.ENGLISH, T0)
    assert guest.email == EmailAddress("01890a5d-ac96-774b-bcce-b302099a8057@guest.invalid")
    assert (guest.is_guest, guest.guest_seen_at, guest.role, guest.status) == (True, T0, Role.USER, Status.ACTIVE)
    assert (guest.password_hash, guest.email_verified, guest.last_login_at) == (None, False, None)


@pytest.mark.parametrize(
    ("name", "spoken", "shown"),
    [
        ("Zoe", Language.ENGLISH, "Zoe"),
        (None, Language.ENGLISH, "Guest"),
        (None, Language.RUSSIAN, "Гость"),
    ],
)
def test_a_guest_has_a_name(name: str | None, spoken: Language, shown: str) -> None:
    assert new_guest(ID, name, None, spoken, T0).name == shown


@pytest.mark.parametrize("role", list(Role))
def test_the_role_says_nothing_about_who_is_a_guest(role: Role) -> None:
    assert make_guest(role=role).is_guest
    assert not make_user(role=role).is_guest


@pytest.mark.parametrize("email", ["x@guest.invalid", "X@GUEST.INVALID", " x@guest.invalid "])
def test_no_one_chooses_the_address_of_a_guest(email: str) -> None:
    chosen = address(email)
    assert chosen.is_of_guest
    with pytest.raises(InvalidValue) as refused:
        AddressPolicy().check(chosen)
    assert refused.value.code == "email_domain_not_accepted"
    with pytest.raises(InvalidValue):
        make_user().changed(UserChanges(email=chosen), LATER)


@pytest.mark.parametrize("email", ["x@invalid.guest.example", "x@guest.invalid.example", "guest.invalid@example.com"])
def test_other_addresses_are_not_those_of_guests(email: str) -> None:
    assert not address(email).is_of_guest
    AddressPolicy().check(address(email))


def test_a_client_may_send_a_whole_guest_back() -> None:
    guest = make_guest()
    assert guest.changed(UserChanges(name="Zoe", email=guest.email), LATER).is_guest


def test_a_guest_with_an_address_is_one_no_longer() -> None:
    given_one = make_guest().changed(UserChanges(email=address("ann@example.com")), LATER)
    assert (given_one.is_guest, given_one.guest_seen_at, given_one.email_verified) == (False, None, False)
    proven = make_guest().with_proven_email(address("ann@example.com"), LATER)
    assert (proven.is_guest, proven.guest_seen_at, proven.email_verified) == (False, None, True)


def test_an_earlier_release_that_gave_a_guest_an_address_made_a_person_of_it() -> None:
    assert not replace(make_guest(), email=address("ann@example.com")).is_guest


def test_a_guest_is_made_no_administrator() -> None:
    with pytest.raises(InvalidInput) as refused:
        make_guest().changed(UserChanges(role=Role.ADMIN), LATER)
    assert [(error.field, error.code) for error in refused.value.errors] == [("role", "guest_as_admin")]
    assert make_guest().changed(UserChanges(role=Role.GUEST), LATER).is_guest


PARTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a name": {"name": "Zoe"},
    "an address": {"email": address("zoe@example.com")},
    "a verified address and a name": {"email": address("zoe@example.com"), "email_verified": True, "name": "Zoe"},
    "an address and a password": {"email": address("zoe@example.com"), "password_hash": "hashed"},
}


@pytest.mark.parametrize("which", PARTS)
def test_a_person_claims_the_account_of_a_guest(which: str) -> None:
    guest = make_guest(metadata=Metadata('{"level":3}'), role=Role.GUEST)
    person = claimed(guest, LATER, **PARTS[which])
    expected: dict[str, Any] = {
        "email": guest.email,
        "name": guest.name,
        "password_hash": None,
        "email_verified": False,
    }
    assert person == replace(guest, **(expected | PARTS[which]), guest_seen_at=None, updated_at=LATER)
    assert not person.is_guest


def test_without_an_address_nothing_is_verified() -> None:
    assert not claimed(make_guest(), LATER, email_verified=True).email_verified


def test_the_account_of_a_person_is_claimed_by_no_one() -> None:
    person = make_user()
    assert claimed(person, LATER, email=address("other@example.com"), password_hash="other") is person


def test_what_a_guest_has_written_joins() -> None:
    user = make_user(metadata=Metadata('{"theme":"dark","cart":{"a":1}}'), app_metadata=Metadata('{"plan":"pro"}'))
    guest = make_guest(
        metadata=Metadata('{"theme":"light","cart":{"b":2},"level":3}'), app_metadata=Metadata('{"beta":true}')
    )
    joined = merged(user, guest, LATER)
    assert joined.metadata == Metadata('{"theme":"dark","cart":{"a":1},"level":3}')
    assert (joined.app_metadata, joined.updated_at) == (user.app_metadata, LATER)
    assert (joined.id, joined.email, joined.name) == (user.id, user.email, user.name)


def test_a_guest_who_has_written_nothing_changes_nothing() -> None:
    user = make_user(metadata=Metadata('{"theme":"dark"}'))
    assert merged(user, make_guest(), LATER) is user


def test_what_does_not_fit_stays_behind() -> None:
    """The rest joins: one large member keeps no small one out."""
    large, filler = "x" * 3000, "y" * 2000
    user = make_user(metadata=Metadata(f'{{"filler":"{filler}"}}'))
    guest = make_guest(metadata=Metadata(f'{{"large":"{large}","small":1}}'))
    assert merged(user, guest, LATER).metadata == Metadata(f'{{"filler":"{filler}","small":1}}')


MEMBERS = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.text(max_size=900) | st.integers(), max_size=6)


def document(members: dict[str, Any]) -> Metadata:
    try:
        return Metadata().patched(MetadataPatch(members))
    except InvalidValue:
        return Metadata()


@given(MEMBERS, MEMBERS)
def test_an_account_loses_nothing_by_a_merge(own: dict[str, Any], of_guest: dict[str, Any]) -> None:
    before, other = document(own), document(of_guest)
    after = before.joined_by(other)
    assert len(after.text.encode()) <= MAX_BYTES
    assert after.text.startswith(before.text.rstrip("}"))
    assert after.joined_by(other) == after
