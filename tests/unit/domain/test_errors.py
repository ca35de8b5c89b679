"""The tree of refusals: complete, drawn, and with words that clients may rely on."""

import inspect
import re
from collections.abc import Iterator

import pytest

from bukhindor.domain import errors
from bukhindor.domain.errors import BukhindorError, FieldError, InvalidInput, RateLimited, TooBusy, Unavailable
from bukhindor.domain.rate_limit import GUESSES_PER_NETWORK

# Clients compare with these words: one may be added, none may change or go.
PROMISED_CODES = {
    "validation_failed",
    "incorrect_password",
    "incorrect_factor",
    "invalid_one_time_token",
    "password_exists",
    "invalid_mfa_token",
    "invalid_guest_token",
    "email_required",
    "not_a_guest",
    "passkey_not_accepted",
    "invalid_passkey",
    "invalid_id_token",
    "invalid_authorization_code",
    "invalid_web_flow",
    "redirect_not_allowed",
    "identity_email_not_verified",
    "identity_not_found",
    "identity_taken",
    "last_sign_in_method",
    "provider_not_found",
    "provider_unavailable",
    "too_many_identities",
    "passkey_not_found",
    "too_many_passkeys",
    "rate_limited",
    "not_authenticated",
    "invalid_token",
    "service_key_required",
    "invalid_service_key",
    "invalid_credentials",
    "invalid_refresh_token",
    "refresh_token_reused",
    "idempotency_key_reused",
    "forbidden",
    "insufficient_scope",
    "reauthentication_required",
    "registration_closed",
    "email_not_verified",
    "mfa_required",
    "mfa_enrollment_required",
    "account_locked",
    "account_banned",
    "account_inactive",
    "factor_not_found",
    "invitation_not_found",
    "service_key_not_found",
    "user_not_found",
    "session_not_found",
    "email_taken",
    "factor_confirmed",
    "no_factor",
    "too_many_factors",
    "last_admin",
    "service_key_name_taken",
    "mail_not_found",
    "mail_under_way",
    "too_busy",
    "store_unavailable",
    "write_conflict",
}

Drawn = tuple[str, str, str | None]
_DRAWN_LINE = re.compile(r"    (?P<branches>[│├└─ ]*)(?P<name>\w+)(?: +(?P<code>[a-z_]+))?")


def descendants(error: type[BukhindorError]) -> Iterator[type[BukhindorError]]:
    for child in error.__subclasses__():
        yield child
        yield from descendants(child)


ALL = list(descendants(BukhindorError))
LEAVES = [error for error in ALL if not error.__subclasses__()]


def drawn_tree() -> Iterator[Drawn]:
    """Each line of the drawing in the module's docstring, as (parent, name, code)."""
    _, _, drawing = (errors.__doc__ or "").partition("one table.\n\n")
    path: list[str] = []
    for line in drawing.splitlines():
        found = _DRAWN_LINE.fullmatch(line)
        assert found, f"This line of the tree can't be read: {line!r}"
        path[len(found["branches"]) // 4 :] = [found["name"]]
        if len(path) > 1:
            yield path[-2], path[-1], found["code"]


def test_the_drawing_names_exactly_the_refusals_that_exist() -> None:
    existing = {(error.__bases__[0].__name__, error.__name__, error.__dict__.get("code")) for error in ALL}
    drawn = list(drawn_tree())
    assert set(drawn) == existing
    assert len(drawn) == len(existing)


def test_every_refusal_is_defined_on_the_one_page() -> None:
    defined_here = {
        thing
        for _, thing in inspect.getmembers(errors, inspect.isclass)
        if issubclass(thing, BukhindorError) and thing is not BukhindorError
    }
    assert defined_here == set(ALL)


def test_the_codes_are_the_promised_ones_and_each_belongs_to_one_refusal() -> None:
    assert sorted(leaf.code for leaf in LEAVES) == sorted(PROMISED_CODES)


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_refusal_says_what_it_is(leaf: type[BukhindorError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", leaf.code)
    assert leaf.detail.endswith(".")
    refusal = RateLimited(GUESSES_PER_NETWORK, 60) if leaf is RateLimited else leaf()
    assert str(refusal) == leaf.detail


@pytest.mark.parametrize("branch", [error for error in ALL if error not in LEAVES])
def test_a_branch_has_no_word_of_its_own(branch: type[BukhindorError]) -> None:
    assert not hasattr(branch, "code")
    assert not hasattr(branch, "detail")


def test_invalid_input_carries_every_problem_and_none_of_the_input() -> None:
    email = FieldError("email", "This is not a valid email address.", "invalid_email")
    password = FieldError("password", "Enter a password.", "required")
    error = InvalidInput(email, password)
    assert error.errors == (email, password)
    assert str(error) == "Some fields are not valid."
    assert repr(error) == "InvalidInput()"


def test_what_is_unavailable_says_when_to_come_back() -> None:
    assert TooBusy().retry_after == 1
    error = TooBusy(retry_after=7)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 7


def test_too_often_says_of_which_limit_until_when_and_whether_for_the_first_time() -> None:
    again = RateLimited(GUESSES_PER_NETWORK, 60)
    assert (again.limit, again.retry_after, again.is_first) == (GUESSES_PER_NETWORK, 60, False)
    assert RateLimited(GUESSES_PER_NETWORK, 60, is_first=True).is_first
