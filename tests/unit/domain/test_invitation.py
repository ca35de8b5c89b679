"""When the link of an invitation works."""

from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.invitation import LIFETIME
from bukhindor.domain.user import Role, Status
from tests.makers import T0, make_invitation, make_user

SECOND = timedelta(seconds=1)
ADMIN = make_user(role=Role.ADMIN)


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
def test_it_works_for_seven_days_whatever_becomes_of_the_inviter(role: Role) -> None:
    invitation = make_invitation("ann@example.com", role=role, invited_by=uuid4())
    assert timedelta(days=7) == LIFETIME
    assert invitation.is_good_at(T0 + LIFETIME - SECOND, None)
    assert not invitation.is_good_at(T0 + LIFETIME, None)


def test_one_that_makes_an_administrator_needs_its_inviter_to_be_one() -> None:
    invitation = make_invitation("ann@example.com", role=Role.ADMIN, invited_by=ADMIN.id)
    assert invitation.is_good_at(T0, ADMIN)
    assert not invitation.is_good_at(T0 + LIFETIME, ADMIN)
    for other in (None, make_user(), make_user(role=Role.ADMIN, status=Status.BANNED)):
        assert not invitation.is_good_at(T0, other)


def test_the_operators_needs_no_one() -> None:
    assert make_invitation("ann@example.com", role=Role.ADMIN).is_good_at(T0, None)


def test_the_digest_is_not_shown() -> None:
    invitation = make_invitation("ann@example.com")
    assert str(invitation.token_hash) not in repr(invitation)
