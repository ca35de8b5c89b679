"""Recovery codes as people write them down and type them again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.recovery_code import ALPHABET, RecoveryCode

codes = st.text(ALPHABET, min_size=10, max_size=10).map(RecoveryCode)


def misread(character: str) -> st.SearchStrategy[str]:
    return st.sampled_from({"0": "0Oo", "1": "1IiLl"}.get(character, character + character.lower()))


@given(st.data(), codes)
def test_a_code_is_read_in_every_form_in_which_people_type_it(data: st.DataObject, code: RecoveryCode) -> None:
    between = st.sampled_from(["", "", "-", " ", "–", "\u200b"])
    typed = "".join(data.draw(misread(character)) + data.draw(between) for character in code)
    assert RecoveryCode.parse(f" {typed}\n") == code


@given(codes)
def test_a_code_is_shown_in_two_halves_and_stays_out_of_logs(code: RecoveryCode) -> None:
    assert code.shown == f"{code[:5]}-{code[5:]}"
    assert RecoveryCode.parse(code.shown) == code
    assert code not in repr(code)


@pytest.mark.parametrize("typed", ["", "12345-6789", "12345-67890A", "12345-6789U", "12345_67890", "ж" * 10, "1" * 500])
def test_anything_else_is_no_code(typed: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        RecoveryCode.parse(typed)
    assert refusal.value.code == "invalid_recovery_code"
