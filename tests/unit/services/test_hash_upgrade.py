"""A password stored under an older hash gets today's when its owner signs in."""

import logging
from datetime import timedelta

import pytest

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.password import Password
from bukhindor.domain.tokens import TokenPair
from tests.makers import T0, address
from tests.unit.services.scene import PASSWORD, Scene, told

ANN = address("ann@example.com")
WRONG = Password("not her password")
OUTDATED = f"outdated:{PASSWORD.reveal()}"
UPGRADED = f"hashed:{PASSWORD.reveal()}"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def login(scene: Scene, email: EmailAddress = ANN, password: Password = PASSWORD) -> TokenPair:
    return await scene.login(email, password)


async def test_an_outdated_hash_is_upgraded_by_signing_in(scene: Scene) -> None:
    """PW-09: only the hash changes; the password is still the same."""
    user = await scene.add_user("ann@example.com", password_hash=OUTDATED, updated_at=T0 - DAY)
    tokens = await login(scene)
    stored = await scene.user(user.id)
    assert (stored.password_hash, stored.updated_at) == (UPGRADED, T0 - DAY)
    await scene.caller_of(tokens)
    await login(scene)
    assert scene.hasher.hashed == 1


@pytest.mark.parametrize("cause", ["busy", "store"])
async def test_an_upgrade_that_fails_never_fails_the_sign_in(
    scene: Scene, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """PW-09: the next sign-in retries it."""
    user = await scene.add_user("ann@example.com", password_hash=OUTDATED)

    async def get_busy() -> None:
        scene.hasher.is_full = True

    async def fail() -> None:
        scene.store.fail_next_commit = True

    if cause == "busy":
        scene.hasher.during_verify = get_busy
    else:
        scene.hasher.during_hash = fail
    with caplog.at_level(logging.WARNING):
        tokens = await login(scene)
    await scene.caller_of(tokens)
    assert (await scene.user(user.id)).password_hash == OUTDATED
    assert [record.levelname for record in told(caplog)] == ["WARNING"]
    assert PASSWORD.reveal() not in caplog.text

    scene.hasher.is_full = False
    await login(scene)
    assert (await scene.user(user.id)).password_hash == UPGRADED


@pytest.mark.parametrize("what", ["password", "deletion"])
async def test_an_upgrade_never_undoes_what_happened_meanwhile(scene: Scene, what: str) -> None:
    user = await scene.add_user("ann@example.com", password_hash=OUTDATED)

    async def change_password() -> None:
        changed = (await scene.user(user.id)).with_password_hash("hashed:another one", T0)
        await scene.store.users.save(changed)

    async def delete() -> None:
        await scene.store.users.remove(user.id)

    scene.hasher.during_hash = change_password if what == "password" else delete
    await login(scene)
    stored = await scene.store.users.by_id(user.id)
    assert (stored.password_hash if stored else None) == ("hashed:another one" if what == "password" else None)
    assert scene.store.commits == 1


async def test_a_second_sign_in_survives_that_the_first_upgrades_the_hash(scene: Scene) -> None:
    """PW-09: one click, two requests, and while the second compares, the first writes another hash."""
    user = await scene.add_user("ann@example.com", password_hash=OUTDATED)

    async def first() -> None:
        await login(scene)

    scene.hasher.during_verify = first
    await scene.caller_of(await login(scene))
    assert len(await scene.store.sessions.of_user(user.id)) == 2
    assert (await scene.user(user.id)).password_hash == UPGRADED
    assert (scene.hasher.verified, scene.hasher.hashed) == (3, 1)
    # Two for the first, one for the second.
    assert scene.store.commits == 3
