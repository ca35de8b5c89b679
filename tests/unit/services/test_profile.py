"""What people change about themselves."""

from datetime import timedelta

import pytest

from bukhindor.domain.errors import Forbidden, StoreUnavailable, UserNotFound
from bukhindor.domain.language import LanguageChoice, LanguageTag
from bukhindor.domain.metadata import Metadata, MetadataPatch
from bukhindor.domain.user import Role, UserChanges
from tests.unit.services.scene import Scene

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_people_change_their_own_name_and_nothing_else(scene: Scene, role: Role) -> None:
    caller = await scene.add_caller(role)
    now = scene.clock.advance(MINUTE)
    renamed = await scene.services.profile.change(caller, UserChanges(name="Bea"))
    assert renamed == caller.user.changed(UserChanges(name="Bea"), now)
    assert (renamed.name, renamed.updated_at, renamed.role) == ("Bea", now, role)
    assert await scene.user(caller.user.id) == renamed
    assert await scene.has_session(caller.session)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [None, "Ann Example"])
async def test_no_change_is_allowed_to_all_and_writes_nothing(scene: Scene, role: Role, name: str | None) -> None:
    caller = await scene.add_caller(role)
    scene.clock.advance(MINUTE)
    assert await scene.services.profile.change(caller, UserChanges(name=name)) is caller.user
    assert scene.store.commits == 0


async def test_people_choose_their_language_and_keep_what_their_applications_write(scene: Scene) -> None:
    caller = await scene.add_caller(app_metadata=Metadata('{"plan":"pro"}'))
    profile = scene.services.profile
    await profile.change(
        caller, UserChanges(language=LanguageChoice("kk-KZ"), metadata=MetadataPatch({"theme": "dark"}))
    )
    changed = await profile.change(caller, UserChanges(metadata=MetadataPatch({"size": 2, "theme": None})))
    assert await scene.user(caller.user.id) == changed
    assert (changed.language, changed.metadata) == (LanguageTag("kk-KZ"), Metadata('{"size":2}'))
    assert changed.app_metadata == Metadata('{"plan":"pro"}')
    assert [event.details for event in scene.events()] == [{"fields": "language, metadata"}, {"fields": "metadata"}]


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_what_administrators_write_people_only_read(scene: Scene, role: Role) -> None:
    caller = await scene.add_caller(role, app_metadata=Metadata('{"plan":"free"}'))
    asked = UserChanges(app_metadata=MetadataPatch({"plan": "pro"}))
    with pytest.raises(Forbidden):
        await scene.services.profile.change(caller, asked)
    with pytest.raises(Forbidden):
        await scene.services.user_admin.change(caller, caller.user.id, asked)
    assert await scene.user(caller.user.id) == caller.user


async def test_a_patch_is_merged_into_what_others_wrote_since_the_caller_was_admitted(scene: Scene) -> None:
    caller = await scene.add_caller()
    for name in ("a", "b", "c"):
        await scene.services.profile.change(caller, UserChanges(metadata=MetadataPatch({name: 1})))
    assert (await scene.user(caller.user.id)).metadata == Metadata('{"a":1,"b":1,"c":1}')


async def test_a_guest_keeps_its_name(scene: Scene) -> None:
    """AZ-13."""
    caller = await scene.add_caller(Role.GUEST)
    with pytest.raises(Forbidden):
        await scene.services.profile.change(caller, UserChanges(name="Bea"))
    assert await scene.user(caller.user.id) == caller.user
    assert scene.store.commits == 0


async def test_what_else_changed_since_the_caller_was_admitted_stays(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.services.user_admin.change(
        await scene.add_caller(Role.ADMIN), caller.user.id, UserChanges(role=Role.GUEST)
    )
    renamed = await scene.services.profile.change(caller, UserChanges(name="Bea"))
    assert (renamed.name, renamed.role) == ("Bea", Role.GUEST)


async def test_an_account_deleted_since_does_not_come_back(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.store.users.remove(caller.user.id)
    with pytest.raises(UserNotFound):
        await scene.services.profile.change(caller, UserChanges(name="Bea"))
    assert scene.store.committed.users == {}


async def test_a_name_that_was_not_stored_is_not_answered(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.profile.change(caller, UserChanges(name="Bea"))
    assert await scene.user(caller.user.id) == caller.user
