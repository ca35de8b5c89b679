"""Which changes of an account are dangerous acts."""

import pytest

from bukhindor.domain.act import Act, acts_of
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0, address

MOVED = UserChanges(email=address("moved@example.com"))


@pytest.mark.parametrize(
    ("changes", "is_own", "acts"),
    [
        (UserChanges(), False, set()),
        (UserChanges(name="Ann"), False, set()),
        (MOVED, True, {Act.CHANGE_EMAIL}),
        (MOVED, False, {Act.CHANGE_EMAIL_OF_OTHER}),
        (UserChanges(role=Role.ADMIN), False, {Act.CHANGE_ROLE}),
        (UserChanges(status=Status.BANNED), False, {Act.CHANGE_STATUS}),
        (UserChanges(status_reason="Spam"), False, {Act.CHANGE_STATUS}),
        (UserChanges(status_until=T0), False, {Act.CHANGE_STATUS}),
        (UserChanges(role=Role.USER, status=Status.ACTIVE), True, {Act.CHANGE_ROLE, Act.CHANGE_STATUS}),
    ],
)
def test_an_address_a_role_and_a_status_are_dangerous(changes: UserChanges, is_own: bool, acts: set[Act]) -> None:
    assert acts_of(changes, is_own=is_own) == acts


def test_three_acts_ask_for_the_password_of_the_account() -> None:
    assert {act for act in Act if act.asks_for_password} == {
        Act.CHANGE_PASSWORD,
        Act.CHANGE_EMAIL,
        Act.DELETE_ACCOUNT,
    }
