"""An email address and a password become a session."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    BukhindorError,
    InvalidCredentials,
    RateLimited,
    StoreUnavailable,
    TooBusy,
    Unauthenticated,
)
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT
from bukhindor.domain.session import MAX_SESSIONS_PER_USER
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import T0, address
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene

ANN = address("ann@example.com")
WRONG = Password("not her password")
OUTDATED = f"outdated:{PASSWORD.reveal()}"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def login(scene: Scene, email: EmailAddress = ANN, password: Password = PASSWORD) -> TokenPair:
    return await scene.login(email, password)


def assert_nobody_came_in(scene: Scene, *recorded: AuditType) -> None:
    """All that is written is `recorded`, at once."""
    assert scene.store.committed.sessions == {}
    assert scene.access_tokens.issued == {}
    assert scene.queued() == []
    assert scene.recorded() == list(recorded)
    assert scene.store.commits == len(recorded)


async def test_the_right_password_starts_a_session_on_that_device(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", created_at=T0 - DAY, updated_at=T0 - DAY)
    phone = Device("phone-1", AppType.ANDROID, "1.2", "192.0.2.7", "Bukhindor/1.2 (Android)")
    tokens = await scene.login(ANN, device=phone)
    (session,) = scene.store.committed.sessions.values()
    assert (session.user_id, session.device, session.created_at) == (user.id, phone, T0)
    assert (session.generation, session.confirmed) == (1, True)
    assert tokens.refresh_token == scene.refresh_tokens.derive(session)
    assert (tokens.expires_in, tokens.refresh_expires_in) == (900, 30 * DAY.total_seconds())
    stored = await scene.user(user.id)
    assert (stored.last_login_at, stored.updated_at) == (T0, T0 - DAY)
    assert (scene.hasher.verified, scene.hasher.hashed, scene.store.commits) == (1, 0, 1)


async def test_the_tokens_of_a_new_session_work(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    tokens = await login(scene)
    assert (await scene.caller_of(tokens)).user.id == user.id
    assert (await scene.refresh(tokens)).refresh_token != tokens.refresh_token


@pytest.mark.parametrize(
    ("parts", "email", "password"),
    [
        ({}, address("nobody@example.com"), PASSWORD),
        ({}, ANN, WRONG),
        ({"status": Status.BANNED}, ANN, WRONG),
        ({"status": Status.INACTIVE}, ANN, WRONG),
        ({"role": Role.ADMIN}, ANN, WRONG),
        ({"password_hash": OUTDATED}, ANN, WRONG),
    ],
)
async def test_all_failures_look_alike_and_cost_one_comparison(
    scene: Scene, parts: dict[str, Any], email: EmailAddress, password: Password
) -> None:
    """LGN-01, LGN-02: nothing tells an unknown address, a banned account and a wrong password apart.

    Each costs one comparison and one commit; the account only counts it.
    """
    user = await scene.add_user("ann@example.com", **parts)
    before = scene.state()
    with pytest.raises(InvalidCredentials) as refusal:
        await login(scene, email, password)
    assert vars(refusal.value) == {}
    assert (scene.hasher.verified, scene.hasher.hashed) == (1, 0)
    stored = await scene.user(user.id)
    assert stored == replace(user, failed_sign_ins=1 if email == user.email else 0)
    await scene.store.users.save(user)
    assert scene.state() == before
    assert_nobody_came_in(scene, AuditType.SIGN_IN_FAILED)


@pytest.mark.parametrize("password", ["", " ", "None", "null", "hashed:", "correct horse battery"])
async def test_no_password_opens_an_account_without_one(scene: Scene, password: str) -> None:
    """PW-13: and it takes the same time as a wrong password."""
    await scene.add_user("ann@example.com", password_hash=None)
    with pytest.raises(InvalidCredentials):
        await login(scene, password=Password(password))
    assert scene.hasher.verified == 1
    assert_nobody_came_in(scene, AuditType.SIGN_IN_FAILED)


@pytest.mark.parametrize(
    ("email", "password"), [("admin@example.com", "admin"), ("admin@localhost.localdomain", "password")]
)
async def test_a_fresh_store_has_no_default_account(scene: Scene, email: str, password: str) -> None:
    """REG-08."""
    with pytest.raises(InvalidCredentials):
        await login(scene, address(email), Password(password))
    assert_nobody_came_in(scene, AuditType.SIGN_IN_FAILED)


@pytest.mark.parametrize(("status", "refusal"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)])
async def test_a_closed_account_is_reported_only_after_the_right_password(
    scene: Scene, status: Status, refusal: type[BukhindorError]
) -> None:
    """LGN-03: and it is no failure that counts."""
    user = await scene.add_user("ann@example.com", status=status, status_until=T0 + DAY, password_hash=OUTDATED)
    with pytest.raises(refusal):
        await login(scene)
    assert await scene.user(user.id) == user
    assert scene.hasher.hashed == 0
    assert_nobody_came_in(scene, AuditType.SIGN_IN_FAILED)
    (event,) = scene.events()
    assert event.subject_id == user.id
    assert event.details == {"kind": "stranger", "methods": "pwd", "reason": refusal.code}
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, "stranger:ann@example.com") == 0


async def test_an_expired_ban_blocks_no_sign_in(scene: Scene) -> None:
    await scene.add_user("ann@example.com", status=Status.BANNED, status_until=T0 + DAY)
    scene.clock.advance(DAY - MINUTE)
    with pytest.raises(AccountBanned):
        await login(scene)
    scene.clock.advance(MINUTE)
    await scene.caller_of(await login(scene))


async def test_two_sign_ins_in_the_same_moment_have_nothing_in_common(scene: Scene) -> None:
    """LGN-13: another session, other tokens, another token id; the first goes on."""
    await scene.add_user("ann@example.com")
    first, second = await asyncio.gather(login(scene), login(scene))
    claims = [scene.access_tokens.issued[tokens.access_token] for tokens in (first, second)]
    assert first.access_token != second.access_token
    assert first.refresh_token != second.refresh_token
    assert len({claim.session_id for claim in claims}) == len({claim.token_id for claim in claims}) == 2
    assert len({session.seed for session in scene.store.committed.sessions.values()}) == 2
    for tokens in (first, second):
        await scene.caller_of(tokens)


async def test_the_hundred_and_first_session_ends_the_oldest(scene: Scene) -> None:
    """SES-05."""
    user = await scene.add_user("ann@example.com")
    stranger = await scene.add_caller()
    sessions = [await scene.add_session(user, created_at=T0 - DAY + n * MINUTE) for n in range(MAX_SESSIONS_PER_USER)]
    await login(scene)
    assert len(await scene.store.sessions.of_user(user.id)) == MAX_SESSIONS_PER_USER
    assert not await scene.has_session(sessions[0])
    for session in (*sessions[1:], stranger.session):
        assert await scene.has_session(session)


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("password", InvalidCredentials),
        ("deletion", InvalidCredentials),
        ("ban", AccountBanned),
        ("deactivation", AccountInactive),
    ],
)
async def test_what_changed_while_the_hash_was_computed_decides(
    scene: Scene, what: str, refusal: type[Exception]
) -> None:
    """JWT-10, REL-18: the old password does not slip through beside its change."""
    user = await scene.add_user("ann@example.com")
    admin = await scene.add_caller(Role.ADMIN)

    async def happen() -> None:
        match what:
            case "password":
                await scene.store.users.save(user.with_password_hash("hashed:another one", T0))
            case "deletion":
                await scene.services.user_admin.remove(admin, user.id)
            case "ban":
                await scene.services.user_admin.change(admin, user.id, UserChanges(status=Status.BANNED))
            case "deactivation":
                await scene.services.user_admin.change(admin, user.id, UserChanges(status=Status.INACTIVE))

    scene.hasher.during_verify = happen
    with pytest.raises(refusal):
        await login(scene)
    assert await scene.store.sessions.of_user(user.id) == []
    assert scene.access_tokens.issued == {}


async def test_an_address_given_away_while_the_hash_was_computed_still_names_the_same_account(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    admin = await scene.add_caller(Role.ADMIN)

    async def change_address() -> None:
        await scene.services.user_admin.change(admin, user.id, UserChanges(email=address("bea@example.com")))
        await scene.add_user("ann@example.com", password_hash=f"hashed:{NEW_PASSWORD.reveal()}")

    scene.hasher.during_verify = change_address
    caller = await scene.caller_of(await login(scene))
    assert (caller.user.id, caller.user.email) == (user.id, address("bea@example.com"))


async def test_a_server_too_busy_to_compare_says_so_and_starts_no_session(scene: Scene) -> None:
    await scene.add_user("ann@example.com")
    scene.hasher.is_full = True
    for email in (ANN, address("nobody@example.com")):
        with pytest.raises(TooBusy):
            await login(scene, email)
    assert_nobody_came_in(scene)


async def test_a_session_that_was_not_stored_has_no_tokens(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await login(scene)
    assert await scene.user(user.id) == user
    assert_nobody_came_in(scene)


async def test_a_thousand_failures_leave_nothing_behind_but_their_record(scene: Scene) -> None:
    """SES-07: and of those that a limit refuses not even that."""
    before = scene.state()
    for number in range(1000):
        with pytest.raises((Unauthenticated, RateLimited)):
            await login(scene, address(f"nobody-{number % 10}@example.com"), WRONG)
    assert scene.state() == before
    (event,) = scene.events()
    assert (event.type, event.attempts, event.subject_id) == (AuditType.SIGN_IN_FAILED, 100, None)
