"""At least one active administrator remains, for every caller and for any number of them at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bukhindor.domain.caller import Operator, Person
from bukhindor.domain.errors import LastAdmin
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0, address
from tests.unit.services.scene import PASSWORD, Scene

DAY = timedelta(days=1)


def changing(changes: UserChanges) -> Callable[[Scene, Person, UUID], Awaitable[Any]]:
    return lambda scene, actor, user_id: scene.services.user_admin.change(actor, user_id, changes, PASSWORD)


WAYS_OUT: dict[str, Callable[[Scene, Person, UUID], Awaitable[Any]]] = {
    "demote": changing(UserChanges(role=Role.USER)),
    "make a guest": changing(UserChanges(role=Role.GUEST)),
    "ban": changing(UserChanges(status=Status.BANNED)),
    "ban for a day": changing(UserChanges(status=Status.BANNED, status_until=T0 + DAY)),
    "deactivate": changing(UserChanges(status=Status.INACTIVE)),
    "demote and rename": changing(UserChanges(role=Role.USER, name="Bea")),
    "delete": lambda scene, actor, user_id: scene.services.user_admin.remove(actor, user_id, PASSWORD),
}


async def count_admins(scene: Scene) -> int:
    return await scene.store.users.count_active_admins(scene.clock.now())


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("by", ["the administrator", "operator"])
async def test_the_last_administrator_stays(scene: Scene, by: str, way: str) -> None:
    """AZ-06: nothing changes, and the session goes on."""
    admin = await scene.add_caller(Role.ADMIN)
    await scene.add_user(role=Role.USER)
    before = scene.snapshot()
    with pytest.raises(LastAdmin):
        await WAYS_OUT[way](scene, admin if by == "the administrator" else Operator(), admin.user.id)
    assert scene.snapshot() == before
    assert scene.store.commits == 0


@pytest.mark.parametrize(
    "other",
    [
        {"status": Status.BANNED},
        {"status": Status.INACTIVE},
        {"status": Status.BANNED, "status_until": T0 + DAY},
        {"role": Role.USER},
    ],
    ids=str,
)
async def test_one_that_can_not_administer_now_does_not_count(scene: Scene, other: dict[str, Any]) -> None:
    """AZ-06."""
    admin = await scene.add_caller(Role.ADMIN)
    await scene.add_user(**{"role": Role.ADMIN, **other})
    with pytest.raises(LastAdmin):
        await WAYS_OUT["demote"](scene, admin, admin.user.id)
    assert await count_admins(scene) == 1


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_one_of_two_may_go(scene: Scene, way: str) -> None:
    first, second = await scene.add_caller(Role.ADMIN), await scene.add_caller(Role.ADMIN)
    await WAYS_OUT[way](scene, first, first.user.id)
    assert await count_admins(scene) == 1
    assert await scene.user(second.user.id) == second.user


async def test_one_whose_ban_has_run_out_counts_again(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    await scene.add_user(role=Role.ADMIN, status=Status.BANNED, status_until=T0 + DAY)
    scene.clock.advance(DAY)
    await WAYS_OUT["demote"](scene, admin, admin.user.id)
    assert await count_admins(scene) == 1


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_one_that_could_not_administer_before_may_go_at_any_time(scene: Scene, way: str) -> None:
    """Even when no one is left who can: this one could not either."""
    banned = await scene.add_user(role=Role.ADMIN, status=Status.INACTIVE)
    if way != "deactivate":
        await WAYS_OUT[way](scene, Operator(), banned.id)
    assert await count_admins(scene) == 0


@pytest.mark.parametrize("changes", [UserChanges(name="Bea"), UserChanges(email=address("bea@example.com"))], ids=str)
async def test_the_last_administrator_may_change_anything_else(scene: Scene, changes: UserChanges) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    changed = await scene.services.user_admin.change(admin, admin.user.id, changes, PASSWORD)
    assert await scene.user(admin.user.id) == changed != admin.user
    assert await scene.has_session(admin.session)


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_of_two_that_remove_each_other_at_once_one_remains(scene: Scene, way: str) -> None:
    """AZ-06, REL-18."""
    for _ in range(50):
        first, second = await scene.add_caller(Role.ADMIN), await scene.add_caller(Role.ADMIN)
        answers = await asyncio.gather(
            WAYS_OUT[way](scene, first, second.user.id),
            WAYS_OUT[way](scene, second, first.user.id),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [LastAdmin]
        assert await count_admins(scene) == 1
        assert await scene.user(first.user.id) == first.user
        scene.store.committed.users.clear()
        scene.store.committed.sessions.clear()


async def test_of_many_that_step_down_at_once_one_remains(scene: Scene) -> None:
    """AZ-06."""
    admins = [await scene.add_caller(Role.ADMIN) for _ in range(20)]
    answers = await asyncio.gather(
        *(WAYS_OUT["demote"](scene, admin, admin.user.id) for admin in admins), return_exceptions=True
    )
    assert sum(isinstance(answer, LastAdmin) for answer in answers) == 1
    assert await count_admins(scene) == 1
