"""Strangers become users."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.errors import EmailTaken, InvalidValue, StoreUnavailable, TooBusy
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.password import NewPassword
from bukhindor.domain.user import Role, Status, User
from tests.makers import ORIGIN, T0, address, mail_of
from tests.unit.services.scene import COMMON_PASSWORD, NEW_PASSWORD, PASSWORD, Scene

ANN = address("ann@example.com")


async def register(scene: Scene, email: str = "ann@example.com", password: NewPassword = PASSWORD) -> User:
    return await scene.services.registration.register("Ann Example", address(email), password, ORIGIN)


async def test_the_first_to_come_is_an_ordinary_user(scene: Scene) -> None:
    """REG-01, REG-08: active, unverified, and no administrator, even as the very first account."""
    user = await register(scene)
    assert (user.role, user.status, user.email_verified) == (Role.USER, Status.ACTIVE, False)
    assert (user.name, user.email) == ("Ann Example", ANN)
    assert (user.created_at, user.updated_at, user.last_login_at) == (T0, T0, None)
    assert scene.store.committed.users == {user.id: user}
    assert await scene.store.users.count_active_admins(T0) == 0


async def test_the_password_is_kept_only_as_its_hash(scene: Scene) -> None:
    user = await register(scene)
    assert user.password_hash == f"hashed:{PASSWORD.reveal()}"
    assert PASSWORD.reveal() not in repr(user)


async def test_a_mail_to_verify_the_address_goes_out_with_the_account(scene: Scene) -> None:
    """REG-02, RST-13: link and code live 24 hours."""
    user = await register(scene)
    assert scene.mails() == [(LetterKind.VERIFY_EMAIL, "ann@example.com")]
    assert mail_of(scene.queued()[0]).links == (
        f"https://app.example.com/verify_email?token={scene.newest_secret().token}",
    )
    token = await scene.one_time_token(user, Purpose.VERIFY_EMAIL)
    assert token is not None
    assert (token.email, token.expires_at) == (ANN, T0 + timedelta(hours=24))
    assert scene.store.commits == 1


async def test_registering_starts_no_session(scene: Scene) -> None:
    await register(scene)
    assert scene.store.committed.sessions == {}
    assert scene.access_tokens.issued == {}


@pytest.mark.parametrize("again", ["ann@example.com", " Ann@EXAMPLE.com ", "ａnn@example.com"])
async def test_an_address_has_one_account_however_it_is_spelled(scene: Scene, again: str) -> None:
    """REG-05: the refusal carries nothing of the account that is there, and no password is hashed for it."""
    await scene.add_user("ann@example.com", role=Role.ADMIN)
    before = scene.snapshot()
    with pytest.raises(EmailTaken) as refusal:
        await register(scene, again, NEW_PASSWORD)
    assert vars(refusal.value) == {}
    assert scene.snapshot() == before
    assert (scene.hasher.hashed, scene.store.commits) == (0, 0)


async def test_fifty_registrations_at_once_make_one_account(scene: Scene) -> None:
    """REG-07."""
    answers = await asyncio.gather(*(register(scene) for _ in range(50)), return_exceptions=True)
    users = [answer for answer in answers if isinstance(answer, User)]
    assert [type(answer) for answer in answers if not isinstance(answer, User)] == [EmailTaken] * 49
    assert list(scene.store.committed.users.values()) == users
    assert (scene.hasher.hashed, scene.store.commits) == (50, 1)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        (NewPassword("seven77"), "password_too_short"),
        (NewPassword(""), "password_too_short"),
        (COMMON_PASSWORD, "password_too_common"),
        (NewPassword("ann@example.com"), "password_too_personal"),
        (NewPassword("Ann Example"), "password_too_personal"),
        (NewPassword("Bukhindor2024!"), "password_too_personal"),
    ],
)
async def test_a_password_against_the_rules_is_refused_before_any_work(
    scene: Scene, password: NewPassword, code: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await register(scene, password=password)
    assert refusal.value.code == code
    assert scene.store.committed.users == {}
    assert (scene.hasher.hashed, scene.store.commits) == (0, 0)


async def test_a_server_too_busy_to_hash_makes_no_account(scene: Scene) -> None:
    scene.hasher.is_full = True
    with pytest.raises(TooBusy):
        await register(scene)
    assert scene.store.committed.users == {}


async def test_an_account_that_was_not_stored_does_not_exist(scene: Scene) -> None:
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await register(scene)
    assert scene.store.committed.users == {}
    assert (scene.queued(), scene.events()) == ([], [])
    assert (await register(scene)).email == ANN
