"""What may be a password, what may be chosen as one, and that none is ever shown."""

import sys
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.password import MAX_LENGTH, NewPassword, Password, PasswordPolicy

ANY_TEXT = st.text(st.characters(), max_size=700)
EMAIL = EmailAddress.parse("ann.lee@example.com")
NAME = "Anna-Maria Lee"
POLICY = PasswordPolicy(min_length=8, common=frozenset({"password1", "12345678", "trustno1", "пароль123"}))


def said(invalid: InvalidValue) -> tuple[str, str]:
    return invalid.message, invalid.code


def refusal(raw: str) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        NewPassword.parse(raw)
    assert caught.value.kind is NewPassword
    return caught.value


def policy_refusal(raw: str, email: EmailAddress = EMAIL, name: str = NAME) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        POLICY.check(NewPassword.parse(raw), email, name)
    assert caught.value.kind is NewPassword
    return caught.value


@pytest.mark.parametrize("letter", ["a", "я", "é", "👍", "\U0010fffd"])
@pytest.mark.parametrize("length", [1, 8, 64, 72, 73, 100, 128])
def test_up_to_128_characters_are_kept_whole(letter: str, length: int) -> None:
    """PW-01, PW-02: characters are counted, not bytes."""
    password = NewPassword.parse(letter * length)
    assert password.reveal() == letter * length
    assert len(password) == length


@pytest.mark.parametrize("raw", ["a" * 129, "👍" * 129, "e\u0301" * 129, "a" * 2**20, "\u1f82" * 2**20])
def test_more_than_128_characters_are_refused(raw: str) -> None:
    """PW-03: the value never reaches a hash function."""
    message = "A password must have at most 128 characters."
    assert (refusal(raw).message, refusal(raw).code) == (message, "password_too_long")


def test_normalisation_never_shortens_a_text_to_less_than_a_quarter() -> None:
    """So an input of more than four times the limit is too long without being normalised."""
    longest = max(len(unicodedata.normalize("NFD", chr(c))) for c in range(sys.maxunicode + 1))
    assert longest == 4
    decomposed = unicodedata.normalize("NFD", "\u1f82" * MAX_LENGTH)
    assert len(decomposed) == 4 * MAX_LENGTH
    assert NewPassword.parse(decomposed) == NewPassword.parse("\u1f82" * MAX_LENGTH)
    assert refusal(decomposed + "a").code == "password_too_long"


def test_normalisation_may_lengthen_a_text_past_the_limit() -> None:
    assert unicodedata.normalize("NFC", "\u0958") == "\u0915\u093c"
    assert len(NewPassword.parse("\u0958" * 64)) == MAX_LENGTH
    assert refusal("\u0958" * 65).code == "password_too_long"


def test_nothing_is_not_a_password() -> None:
    """PW-13."""
    assert said(refusal("")) == ("Enter a password.", "required")


def test_both_spellings_of_an_accent_are_one_password() -> None:
    """PW-07."""
    composed, decomposed = NewPassword.parse("caf\u00e9 au lait"), NewPassword.parse("cafe\u0301 au lait")
    assert composed == decomposed
    assert hash(composed) == hash(decomposed)
    assert decomposed.reveal() == "caf\u00e9 au lait"


@pytest.mark.parametrize("other", ["Secret pass", "secret pass ", " secret pass", "ｓecret pass"])
def test_case_space_and_width_make_another_password(other: str) -> None:
    """PW-04."""
    assert NewPassword.parse("secret pass") != NewPassword.parse(other)


@pytest.mark.parametrize(
    "raw", ["a" * 129, "a" * 1024, "horse\u200b", "horse\x00", "horse\tbattery", "\ufeffhorse", " ", "x"]
)
def test_what_was_a_password_elsewhere_may_be_presented(raw: str) -> None:
    """Today's rules are for new passwords."""
    assert Password.parse(raw).reveal() == Password.parse(raw).reveal_as_typed() == raw


def test_a_password_is_known_as_typed_and_in_its_normal_form() -> None:
    password = Password.parse("cafe\u0301")
    assert (password.reveal(), password.reveal_as_typed()) == ("caf\u00e9", "cafe\u0301")
    assert NewPassword.parse("cafe\u0301").reveal_as_typed() == "caf\u00e9"


@pytest.mark.parametrize(
    ("raw", "code"), [("", "required"), ("a" * 1025, "password_too_long"), ("a\ud800", "invalid_characters")]
)
def test_what_can_have_no_hash_is_no_password(raw: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Password.parse(raw)
    assert (refused.value.kind, refused.value.code) == (Password, code)


def test_a_password_equals_no_plain_text() -> None:
    assert Password.parse("secret pass") != "secret pass"


@pytest.mark.parametrize("character", ["\x00", "\r\n", "\t", "\x7f", "\u202e", "\ufeff", "\u2028", "\ud800"])
def test_control_and_deceptive_characters_are_refused(character: str) -> None:
    """IN-04."""
    message = "A password can't contain control characters."
    assert said(refusal(f"correct{character}horse")) == (message, "invalid_characters")


def test_a_password_is_never_printed() -> None:
    secret = "correct horse battery staple"
    password = Password.parse(secret)
    printed = [repr(password), str(password), f"{password}", "%s %r" % (password, [password])]  # noqa: UP031
    assert all("***" in text for text in printed)
    assert not any("horse" in text for text in printed)
    assert not hasattr(password, "__dict__")


@pytest.mark.parametrize("raw", ["horse\x00", "horse" * 30, "horse", "password1", "ann.lee@example.com"])
def test_a_refusal_never_repeats_the_password(raw: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        POLICY.check(NewPassword.parse(raw), EMAIL, NAME)
    said = [str(caught.value), repr(caught.value), repr(caught.value.args), caught.value.message]
    assert not any(raw in text for text in said)


@given(ANY_TEXT)
def test_any_text_is_refused_in_one_way_or_kept_in_normal_form(raw: str) -> None:
    try:
        password = NewPassword.parse(raw)
    except InvalidValue:
        return
    assert password.reveal() == unicodedata.normalize("NFC", raw)
    assert 1 <= len(password) <= MAX_LENGTH
    assert NewPassword.parse(password.reveal()) == password
    assert NewPassword.parse(unicodedata.normalize("NFD", raw)) == password


@given(ANY_TEXT, ANY_TEXT)
def test_a_policy_refuses_in_one_way_whatever_the_name(raw: str, name: str) -> None:
    with suppress(InvalidValue):
        POLICY.check(NewPassword.parse(raw), EMAIL, name)


@pytest.mark.parametrize(
    "raw",
    [
        "correct horse battery staple",
        "8146203957",
        "тополь осина клён",
        "  leading and trailing  ",
        " " * 8,
        "!" * 8,
        "aaaaaaaa",
        "👍" * 15,
        "я" * 15,
        "password12",
        "x" * 128,
    ],
)
def test_there_are_no_rules_of_composition(raw: str) -> None:
    """PW-04."""
    POLICY.check(NewPassword.parse(raw), EMAIL, NAME)


@pytest.mark.parametrize("letter", ["a", "я", "👍", "e\u0301"])
@pytest.mark.parametrize("min_length", [8, 15])
def test_the_shortest_password_is_counted_in_characters(letter: str, min_length: int) -> None:
    """PW-01, PW-07."""
    policy = PasswordPolicy(min_length, frozenset())
    policy.check(NewPassword.parse(letter * min_length), EMAIL, NAME)
    with pytest.raises(InvalidValue) as caught:
        policy.check(NewPassword.parse(letter * (min_length - 1)), EMAIL, NAME)
    message = f"A password must have at least {min_length} characters."
    assert (caught.value.message, caught.value.code) == (message, "password_too_short")


@pytest.mark.parametrize("raw", ["password1", "PassWord1", "12345678", "trustno1", "ПАРОЛЬ123"])
def test_a_common_password_is_refused_in_any_case(raw: str) -> None:
    """PW-05."""
    message = "This password is too common: attackers try it first."
    assert said(policy_refusal(raw)) == (message, "password_too_common")


@pytest.mark.parametrize(
    "raw",
    [
        "ann.lee@example.com",
        "Ann.Lee@Example.COM",
        "ann.lee1",
        "ANN.LEE2024!",
        "anna-maria lee",
        "Anna-Maria Lee99",
        "bukhindor",
        "Bukhindor123",
        "bukhindor 2024!?",
        "bukhindor-backend",
        "BUKHINDOR-BACKEND_1",
    ],
)
def test_words_that_everybody_can_guess_are_refused(raw: str) -> None:
    """PW-06: the address, its local part, the name and the name of the product, also with digits behind."""
    message = "A password can't be your email address, your name or the name of this service."
    assert said(policy_refusal(raw)) == (message, "password_too_personal")


@pytest.mark.parametrize("spelling", ["NFC", "NFD"])
def test_the_name_is_recognised_in_both_spellings_of_its_accents(spelling: str) -> None:
    """PW-06, PW-07."""
    name = unicodedata.normalize(spelling, "José Núñez")  # type: ignore[arg-type]
    assert policy_refusal("josé núñez1", name=name).code == "password_too_personal"


def test_the_name_is_recognised_in_letters_that_have_no_single_other_case() -> None:
    """PW-06."""
    assert policy_refusal("MARIA GROSS1", name="Maria Groß").code == "password_too_personal"


@pytest.mark.parametrize("raw", ["my ann.lee@example.com", "ann.lee ann.lee", "unbukhindored"])
def test_only_whole_words_are_compared(raw: str) -> None:
    """PW-06, CVE-2021-45115: no measure of similarity, so the time is bounded."""
    POLICY.check(NewPassword.parse(raw), EMAIL, NAME)


@pytest.mark.parametrize(("raw", "allowed"), [("ann12345", True), ("anna1234", False)])
def test_a_context_word_with_digits_behind_counts_from_four_letters(raw: str, *, allowed: bool) -> None:
    email = EmailAddress.parse(raw.rstrip("12345") + "@example.com")
    if allowed:
        POLICY.check(NewPassword.parse(raw), email, "X")
    else:
        assert policy_refusal(raw, email, "X").code == "password_too_personal"


def test_a_local_part_of_digits_alone_is_still_recognised() -> None:
    assert policy_refusal("79161234567", EmailAddress.parse("79161234567@example.com")).code == "password_too_personal"
