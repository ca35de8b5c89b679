"""What a service may do with the scopes of its key."""

import pytest

from bukhindor.domain.caller import Actor, CallingService, Operator, require_right_over
from bukhindor.domain.errors import BukhindorError, Forbidden, MissingScope
from bukhindor.domain.service_key import Scope
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0, make_service_key, make_user
from tests.unit.domain.test_caller import EACH_FIELD, OTHER, caller

FOR_PEOPLE = ("email", "role", "metadata")


def service(*scopes: Scope) -> CallingService:
    return CallingService(make_service_key("orders", *scopes))


def refused(who: Actor, scope: Scope) -> type[BukhindorError] | None:
    try:
        who.require(scope)
    except BukhindorError as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize("scope", Scope)
def test_a_key_is_for_its_scopes_an_administrator_and_the_operator_for_all(scope: Scope) -> None:
    others = [other for other in Scope if other is not scope]
    assert refused(service(scope), scope) is None
    assert refused(service(*others), scope) is MissingScope
    assert refused(caller(Role.ADMIN), scope) is None
    assert refused(caller(Role.USER), scope) is Forbidden
    assert refused(Operator(), scope) is None


def test_the_refusal_names_the_scope() -> None:
    with pytest.raises(MissingScope) as refusal:
        service(Scope.USERS_READ).require(Scope.AUDIT_READ)
    assert refusal.value.scope == "audit:read"


@pytest.mark.parametrize("scope", Scope)
def test_users_are_seen_with_the_scopes_of_users(scope: Scope) -> None:
    if scope in (Scope.USERS_READ, Scope.USERS_WRITE):
        service(scope).require_sight_of(OTHER)
    else:
        with pytest.raises(MissingScope):
            service(scope).require_sight_of(OTHER)


@pytest.mark.parametrize("field", EACH_FIELD)
def test_a_service_opens_no_account_to_itself(field: str) -> None:
    """AZ-04: with the address of an account comes its password, and with a role everything."""
    if field in FOR_PEOPLE:
        with pytest.raises(Forbidden):
            service(Scope.USERS_WRITE).require_right_to(EACH_FIELD[field])
    else:
        service(Scope.USERS_WRITE).require_right_to(EACH_FIELD[field])
    with pytest.raises(MissingScope):
        service(Scope.USERS_READ).require_right_to(EACH_FIELD[field])


def test_a_service_acts_on_no_administrator_not_even_on_a_banned_one() -> None:
    admin = make_user(role=Role.ADMIN)
    banned = admin.changed(UserChanges(status=Status.BANNED), T0)
    for user in (admin, banned):
        with pytest.raises(Forbidden):
            require_right_over(service(), user)
        require_right_over(caller(Role.ADMIN), user)
        require_right_over(Operator(), user)
    for role in (Role.USER, Role.GUEST):
        require_right_over(service(), make_user(role=role))


def test_a_service_is_an_actor_of_its_own() -> None:
    who = service()
    assert (who.actor_id, who.session_id, who.is_admin) == (who.key.id, None, False)
