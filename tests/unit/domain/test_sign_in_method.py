"""How many factors the methods of a session prove."""

import pytest

from bukhindor.domain.sign_in_method import Level, Method, level_of

ONE = [(Method.PASSWORD,), (Method.MAIL,), (Method.IDENTITY,), (Method.PASSWORD, Method.MAIL), (Method.OTP,), ()]
TWO = [
    (Method.PASSWORD, Method.OTP),
    (Method.MAIL, Method.RECOVERY),
    (Method.PASSKEY,),
    (Method.PASSWORD, Method.PASSKEY),
]


@pytest.mark.parametrize("methods", ONE)
def test_one_factor_is_level_one(methods: tuple[Method, ...]) -> None:
    assert level_of(methods) is Level.AAL1


@pytest.mark.parametrize("methods", TWO)
def test_a_second_factor_or_a_passkey_is_level_two(methods: tuple[Method, ...]) -> None:
    assert level_of(methods) is Level.AAL2


def test_two_second_factors_are_not_two_factors() -> None:
    """A recovery code takes the place of the authenticator app; the first factor is still missing."""
    assert level_of((Method.OTP, Method.RECOVERY)) is Level.AAL1
