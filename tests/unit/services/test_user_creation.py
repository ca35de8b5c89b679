"""Administrators and operators create accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bukhindor.domain.caller import Operator, Person
from bukhindor.domain.errors import (
    BukhindorError,
    EmailTaken,
    InvalidValue,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.domain.user_listing import UserQuery
from tests.makers import T0, address
from tests.unit.services.scene import COMMON_PASSWORD, PASSWORD, Scene

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NOBODY = UUID(int=4711)
BEA = address("bea@example.com")


async def create(scene: Scene, actor: Person, role: Role = Role.USER, status: Status = Status.ACTIVE) -> User:
    return await scene.services.user_admin.create(actor, "Bea Example", BEA, PASSWORD, role, status)


ADMIN_ONLY: dict[str, Callable[[Scene, Person, UUID], Awaitable[Any]]] = {
    "page": lambda scene, actor, _: scene.services.user_listing.page(actor, UserQuery()),
    "create": lambda scene, actor, _: create(scene, actor, Role.ADMIN),
    "find": lambda scene, actor, _: scene.services.user_admin.find(actor, address("ann@example.com")),
    "sessions_of": lambda scene, actor, user_id: scene.services.user_admin.sessions_of(actor, user_id),
    "end_sessions": lambda scene, actor, user_id: scene.services.user_admin.end_sessions(actor, user_id),
}
FOR_ONESELF: dict[str, Callable[[Scene, Person, UUID], Awaitable[Any]]] = {
    "get": lambda scene, actor, user_id: scene.services.user_admin.get(actor, user_id),
    "change": lambda scene, actor, user_id: scene.services.user_admin.change(actor, user_id, UserChanges(name="X")),
    "change nothing": lambda scene, actor, user_id: scene.services.user_admin.change(actor, user_id, UserChanges()),
    "remove": lambda scene, actor, user_id: scene.services.user_admin.remove(actor, user_id),
}


async def assert_refused(
    scene: Scene, doing: Callable[[], Awaitable[Any]], refusal: type[BukhindorError | InvalidValue]
) -> Exception:
    """Nothing is written and nothing hashed for it."""
    before, commits = scene.snapshot(), scene.store.commits
    with pytest.raises(refusal) as refused:
        await doing()
    assert scene.snapshot() == before
    assert (scene.store.commits, scene.hasher.hashed) == (commits, 0)
    return refused.value


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("status", Status)
async def test_administrators_create_accounts_of_any_role_and_status(scene: Scene, role: Role, status: Status) -> None:
    user = await create(scene, await scene.add_caller(Role.ADMIN), role, status)
    assert (user.role, user.status, user.email, user.email_verified) == (role, status, BEA, False)
    assert user.password_hash == f"hashed:{PASSWORD.reveal()}"
    assert await scene.user(user.id) == user
    assert await scene.store.sessions.of_user(user.id) == []
    assert scene.access_tokens.issued == {}


async def test_the_operator_creates_the_first_administrator(scene: Scene) -> None:
    """REG-08."""
    user = await create(scene, Operator(), Role.ADMIN)
    assert await scene.store.users.count_active_admins(T0) == 1
    assert (await scene.caller_of(await scene.sign_in(user))).is_admin


async def test_an_address_that_is_taken_makes_no_second_account(scene: Scene) -> None:
    """REG-05."""
    await scene.add_user("bea@example.com")
    refusal = await assert_refused(scene, lambda: create(scene, Operator()), EmailTaken)
    assert vars(refusal) == {}


async def test_creating_one_address_many_times_at_once_makes_one_account(scene: Scene) -> None:
    """REG-07."""
    answers = await asyncio.gather(*(create(scene, Operator()) for _ in range(20)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["EmailTaken"] * 19 + ["User"]
    assert len(scene.store.committed.users) == 1


async def test_administrators_choose_no_weak_passwords_either(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)

    def doing() -> Awaitable[User]:
        return scene.services.user_admin.create(admin, "Bea", BEA, COMMON_PASSWORD, Role.USER, Status.ACTIVE)

    await assert_refused(scene, doing, InvalidValue)


@pytest.mark.parametrize("cause", [TooBusy, StoreUnavailable])
async def test_an_account_that_could_not_be_made_does_not_exist(scene: Scene, cause: type[BukhindorError]) -> None:
    scene.hasher.is_full = cause is TooBusy
    scene.store.fail_next_commit = cause is StoreUnavailable
    with pytest.raises(cause):
        await create(scene, Operator())
    assert scene.store.committed.users == {}
