"""Who may see and change which account."""

from dataclasses import fields, replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.caller import Actor, Caller, Operator
from bukhindor.domain.errors import BukhindorError, Forbidden, UserNotFound
from bukhindor.domain.language import LanguageChoice
from bukhindor.domain.metadata import MetadataPatch
from bukhindor.domain.origin import NOWHERE
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0, address, make_session, make_user

OWN, OTHER = UUID(int=1), UUID(int=2)

NOTHING = UserChanges()
EACH_FIELD = {
    "name": UserChanges(name="Bea"),
    "email": UserChanges(email=address("bea@example.com")),
    "role": UserChanges(role=Role.ADMIN),
    "status": UserChanges(status=Status.INACTIVE),
    "status_reason": UserChanges(status_reason="why"),
    "status_until": UserChanges(status_until=T0 + timedelta(days=1)),
    "language": UserChanges(language=LanguageChoice("ru")),
    "metadata": UserChanges(metadata=MetadataPatch({"theme": "dark"})),
    "app_metadata": UserChanges(app_metadata=MetadataPatch({"plan": "pro"})),
}
OWN_FIELDS = ("name", "language", "metadata")
NOT_ONES_OWN = [field for field in EACH_FIELD if field not in OWN_FIELDS]


def caller(role: Role) -> Caller:
    user = make_user("ann@example.com", id=OWN, role=role)
    return Caller(user, make_session(user, seed=b"s" * 32))


def answer(who: Actor, target: UUID, changes: UserChanges) -> type[BukhindorError] | None:
    """What comes back when `who` asks to change `target`: sight first, then rights."""
    try:
        who.require_sight_of(target)
        who.require_right_to(changes)
    except BukhindorError as refusal:
        return type(refusal)
    return None


def test_the_table_knows_every_field() -> None:
    assert list(EACH_FIELD) == [field.name for field in fields(UserChanges)]


@pytest.mark.parametrize("field", EACH_FIELD)
@pytest.mark.parametrize(
    ("role", "target", "own_field", "anything_else"),
    [
        (Role.ADMIN, OWN, None, None),
        (Role.ADMIN, OTHER, None, None),
        (Role.USER, OWN, None, Forbidden),
        (Role.USER, OTHER, UserNotFound, UserNotFound),
        (Role.GUEST, OWN, Forbidden, Forbidden),
        (Role.GUEST, OTHER, UserNotFound, UserNotFound),
    ],
)
def test_who_may_change_which_field_of_which_account(
    role: Role,
    target: UUID,
    own_field: type[BukhindorError] | None,
    anything_else: type[BukhindorError] | None,
    field: str,
) -> None:
    """AZ-02, AZ-04, AZ-13: strangers get the same response as for a user that does not exist."""
    expected = own_field if field in OWN_FIELDS else anything_else
    assert answer(caller(role), target, EACH_FIELD[field]) is expected


@pytest.mark.parametrize("role", Role)
def test_asking_for_no_change_of_the_own_account_is_allowed(role: Role) -> None:
    assert answer(caller(role), OWN, NOTHING) is None


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
def test_not_even_asking_for_no_change_shows_that_another_user_exists(role: Role) -> None:
    """AZ-02."""
    assert answer(caller(role), OTHER, NOTHING) is UserNotFound


@given(st.sampled_from([Role.USER, Role.GUEST]), st.sets(st.sampled_from(NOT_ONES_OWN), min_size=1), st.booleans())
def test_no_mixture_smuggles_a_forbidden_field_in(role: Role, smuggled: set[str], with_name: bool) -> None:
    """AZ-04."""
    parts = smuggled | ({"name"} if with_name else set())
    changes = UserChanges(**{part: getattr(EACH_FIELD[part], part) for part in parts})
    assert answer(caller(role), OWN, changes) is Forbidden
    assert answer(caller(role), OTHER, changes) is UserNotFound


def test_a_whole_user_sent_back_with_a_new_name_is_a_change_of_name() -> None:
    ann = caller(Role.USER)
    sent = UserChanges("Bea", ann.user.email, ann.user.role, ann.user.status)
    assert answer(ann, OWN, ann.user.without_repeats(sent, T0)) is None


@pytest.mark.parametrize(("role", "allowed"), [(Role.ADMIN, True), (Role.USER, False), (Role.GUEST, False)])
def test_only_admins_are_admins(role: Role, *, allowed: bool) -> None:
    """AZ-03."""
    who = caller(role)
    assert who.is_admin is allowed
    if allowed:
        who.require_admin()
    else:
        with pytest.raises(Forbidden):
            who.require_admin()


def test_rights_are_those_of_the_user_as_stored_now() -> None:
    """AZ-07."""
    admin = caller(Role.ADMIN)
    demoted = replace(admin, user=replace(admin.user, role=Role.USER))
    assert answer(admin, OTHER, EACH_FIELD["role"]) is None
    assert answer(demoted, OTHER, EACH_FIELD["role"]) is UserNotFound


@pytest.mark.parametrize("changes", [NOTHING, *EACH_FIELD.values()])
def test_the_operator_may_do_everything(changes: UserChanges) -> None:
    operator = Operator()
    assert operator.is_admin
    operator.require_admin()
    assert answer(operator, OTHER, changes) is None


def test_a_caller_acts_as_its_user_in_its_session_and_the_operator_as_no_user() -> None:
    """LOG-02."""
    who = caller(Role.USER)
    assert (who.actor_id, who.session_id, who.origin) == (OWN, who.session.id, NOWHERE)
    operator = Operator()
    assert (operator.actor_id, operator.session_id, operator.origin) == (None, None, NOWHERE)


def test_hash_and_seed_are_not_printed() -> None:
    """AZ-05."""
    who = caller(Role.USER)
    printed = repr(replace(who, user=replace(who.user, password_hash="$argon2id$hash")))
    assert "argon2id" not in printed
    assert "ssss" not in printed
