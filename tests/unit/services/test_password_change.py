"""A signed-in person chooses another password."""

import asyncio

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    IncorrectPassword,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidValue,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.password import NewPassword, Password
from bukhindor.domain.rate_limit import PASSWORD_PROMPTS_PER_SESSION
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import ORIGIN, T0
from tests.unit.services.scene import COMMON_PASSWORD, NEW_PASSWORD, PASSWORD, Scene

WRONG = Password("not her password")


async def change(
    scene: Scene, tokens: TokenPair, current: Password = PASSWORD, new: NewPassword = NEW_PASSWORD
) -> TokenPair:
    """The change as the endpoint asks for it, which admits tokens that an earlier change has superseded."""
    authenticate = scene.services.authentication.authenticate
    caller = await authenticate(tokens.access_token, ORIGIN, accepts_superseded=True)
    return await scene.services.password_change.change(caller, current, new)


async def assert_both_tokens_work(scene: Scene, tokens: TokenPair) -> None:
    await scene.caller_of(tokens)
    await scene.refresh(tokens)


async def assert_signed_out(scene: Scene, tokens: TokenPair) -> None:
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(tokens)
    with pytest.raises(InvalidRefreshToken):
        await scene.refresh(tokens)


async def test_the_new_password_signs_in_and_the_old_one_does_not(scene: Scene) -> None:
    """PW-12."""
    user = await scene.add_user()
    await change(scene, await scene.sign_in(user))
    await scene.login(user.email, NEW_PASSWORD)
    with pytest.raises(InvalidCredentials):
        await scene.sign_in(user)


async def test_other_sessions_end_and_this_one_goes_on_with_fresh_tokens(scene: Scene) -> None:
    """SES-03: three devices, and a stranger who is not concerned."""
    user, stranger = await scene.add_user(), await scene.add_caller()
    here, there, elsewhere = [await scene.sign_in(user) for _ in range(3)]
    before = await scene.caller_of(here)
    fresh = await change(scene, here)
    for other in (there, elsewhere):
        await assert_signed_out(scene, other)
    assert fresh.refresh_token != here.refresh_token
    assert (await scene.caller_of(fresh)).session.id == before.session.id
    assert await scene.has_session(stranger.session)
    await assert_both_tokens_work(scene, fresh)


async def test_refresh_tokens_from_before_the_change_are_worthless_and_end_nothing(scene: Scene) -> None:
    """SES-03: one of them may have been stolen; presenting it must not throw the owner out."""
    old = await scene.sign_in(await scene.add_user())
    newer = await scene.refresh(old)
    fresh = await change(scene, newer)
    for tokens in (old, newer):
        with pytest.raises(InvalidRefreshToken):
            await scene.refresh(tokens)
    await assert_both_tokens_work(scene, fresh)


async def test_access_tokens_from_before_the_change_are_refused(scene: Scene) -> None:
    """SES-03: the one that made the change, and older ones that have not expired."""
    oldest = await scene.sign_in(await scene.add_user())
    old = await scene.refresh(oldest)
    fresh = await change(scene, old)
    for tokens in (oldest, old):
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
    await assert_both_tokens_work(scene, fresh)


async def test_a_superseded_token_guesses_no_password(scene: Scene) -> None:
    """SES-03, LGN-05: it is counted and recorded like every wrong password, and 401 sends the client to a refresh."""
    old = await scene.sign_in(await scene.add_user())
    fresh = await change(scene, old)
    for current in (PASSWORD, NEW_PASSWORD, WRONG):
        with pytest.raises(InvalidAccessToken):
            await change(scene, old, current, NewPassword("and now a third one"))
    session = (await scene.caller_of(fresh)).session
    failed = scene.events(AuditType.PASSWORD_CHECK_FAILED)
    assert [event.details["kind"] for event in failed] == ["superseded_session"] * 3
    # The owner's prompts in the same session have their own count.
    assert session.failed_prompts == 0
    assert scene.limiter.hits(PASSWORD_PROMPTS_PER_SESSION, f"session:{session.id}") == 0
    assert scene.limiter.hits(PASSWORD_PROMPTS_PER_SESSION, f"superseded_session:{session.id}") == 3
    assert (await scene.user(session.user_id)).failed_sign_ins == 3
    assert (await scene.user(session.user_id)).password_hash == f"hashed:{NEW_PASSWORD.reveal()}"


async def test_the_change_is_one_write(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    stored = await scene.user(caller.user.id)
    assert (stored.password_hash, stored.updated_at) == (f"hashed:{NEW_PASSWORD.reveal()}", T0)
    assert (scene.hasher.verified, scene.hasher.hashed, scene.store.commits) == (1, 1, 1)


async def test_a_wrong_current_password_changes_nothing(scene: Scene) -> None:
    """PW-12: the caller stays signed in, on all devices; it is counted and recorded."""
    user = await scene.add_user()
    here, there = await scene.sign_in(user), await scene.sign_in(user)
    commits, issued = scene.store.commits, len(scene.access_tokens.issued)
    with pytest.raises(IncorrectPassword):
        await change(scene, here, current=WRONG)
    stored = await scene.user(user.id)
    assert (stored.password_hash, stored.failed_sign_ins) == (user.password_hash, 1)
    assert (scene.hasher.hashed, scene.store.commits) == (0, commits + 1)
    assert scene.recorded()[2:] == [AuditType.PASSWORD_CHECK_FAILED]
    session = (await scene.caller_of(here)).session
    assert (session.failed_prompts, scene.limiter.hits(PASSWORD_PROMPTS_PER_SESSION, f"session:{session.id}")) == (1, 1)
    assert len(scene.access_tokens.issued) == issued
    for tokens in (here, there):
        await assert_both_tokens_work(scene, tokens)


@pytest.mark.parametrize("current", ["", " ", "None"])
async def test_an_account_without_a_password_gets_none_this_way(scene: Scene, current: str) -> None:
    """PW-13."""
    caller = await scene.add_caller(password_hash=None)
    with pytest.raises(IncorrectPassword):
        await scene.services.password_change.change(caller, Password(current), NEW_PASSWORD)
    assert (await scene.user(caller.user.id)).password_hash is None


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewPassword("short"), "password_too_short"),
        (COMMON_PASSWORD, "password_too_common"),
        (NewPassword("ann@example.com"), "password_too_personal"),
        (NewPassword("ANN EXAMPLE"), "password_too_personal"),
    ],
)
async def test_a_new_password_against_the_rules_is_refused_before_any_work(
    scene: Scene, new: NewPassword, code: str
) -> None:
    """PW-12."""
    caller = await scene.add_caller(email="ann@example.com")
    before = scene.snapshot()
    with pytest.raises(InvalidValue) as refusal:
        await scene.services.password_change.change(caller, PASSWORD, new)
    assert (refusal.value.kind, refusal.value.code) == (NewPassword, code)
    assert scene.snapshot() == before
    assert (scene.hasher.verified, scene.hasher.hashed) == (0, 0)


@pytest.mark.parametrize("repetitions", [1, 3])
async def test_asking_again_after_a_lost_response_succeeds_again(scene: Scene, repetitions: int) -> None:
    """REL-19: with the old tokens and the same body; the tokens are those of the lost response."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    lost = await change(scene, old)
    again, before = lost, scene.snapshot()
    for _ in range(repetitions):
        again = await change(scene, old)
        assert again.refresh_token == lost.refresh_token
        assert scene.snapshot() == before
    assert scene.hasher.hashed == 1
    await assert_both_tokens_work(scene, again)


async def test_a_repetition_with_another_new_password_is_refused(scene: Scene) -> None:
    old = await scene.sign_in(await scene.add_user())
    await change(scene, old)
    with pytest.raises(InvalidAccessToken):
        await change(scene, old, new=NewPassword("and now a third one"))


async def test_two_changes_at_once_succeed_both_with_the_same_refresh_token(scene: Scene) -> None:
    """REL-19: one click, two requests."""
    user = await scene.add_user()
    old = await scene.sign_in(user)
    commits = scene.store.commits
    first, second = await asyncio.gather(change(scene, old), change(scene, old))
    assert first.refresh_token == second.refresh_token
    (session,) = await scene.store.sessions.of_user(user.id)
    assert session.generation == 2
    assert scene.store.commits == commits + 1
    await assert_both_tokens_work(scene, second)


async def test_of_two_different_changes_at_once_one_is_made(scene: Scene) -> None:
    user = await scene.add_user()
    old = await scene.sign_in(user)
    third = NewPassword("and now a third one")
    answers = await asyncio.gather(change(scene, old), change(scene, old, new=third), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TokenPair, IncorrectPassword]
    assert (await scene.user(user.id)).password_hash == f"hashed:{NEW_PASSWORD.reveal()}"


async def test_the_same_password_again_is_a_change_that_ends_the_other_sessions(scene: Scene) -> None:
    user = await scene.add_user()
    here, there = await scene.sign_in(user), await scene.sign_in(user)
    fresh = await change(scene, here, new=PASSWORD)
    await assert_signed_out(scene, there)
    await assert_both_tokens_work(scene, fresh)


@pytest.mark.parametrize("moment", ["verify", "hash"])
@pytest.mark.parametrize("what", ["log out", "ban", "delete"])
async def test_a_session_that_ended_while_the_password_was_hashed_changes_nothing(
    scene: Scene, moment: str, what: str
) -> None:
    """JWT-10, REL-18."""
    caller, admin = await scene.add_caller(), await scene.add_caller(Role.ADMIN)

    async def happen() -> None:
        match what:
            case "log out":
                await scene.log_out(caller)
            case "ban":
                changes = UserChanges(status=Status.BANNED)
                await scene.services.user_admin.change(admin, caller.user.id, changes)
            case "delete":
                await scene.services.user_admin.remove(admin, caller.user.id)

    if moment == "verify":
        scene.hasher.during_verify = happen
    else:
        scene.hasher.during_hash = happen
    with pytest.raises(InvalidAccessToken):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    stored = await scene.store.users.by_id(caller.user.id)
    assert stored is None or stored.password_hash == caller.user.password_hash
    assert scene.access_tokens.issued == {}
    assert scene.store.commits == 1


async def test_a_caller_whose_session_has_ended_learns_nothing_of_the_password(scene: Scene) -> None:
    """It is not compared a second time for it either."""
    caller = await scene.add_caller()
    await scene.log_out(caller)
    with pytest.raises(InvalidAccessToken):
        await scene.services.password_change.change(caller, WRONG, NEW_PASSWORD)
    assert scene.hasher.verified == 1


async def test_the_change_is_repeated_from_another_session(scene: Scene) -> None:
    """REL-19: the person signed in with the new password meanwhile, and the app sends the change once more."""
    user = await scene.add_user()
    await change(scene, await scene.sign_in(user))
    later = await scene.login(user.email, NEW_PASSWORD)
    again = await change(scene, later)
    assert again.refresh_token == later.refresh_token
    assert len(scene.events(AuditType.PASSWORD_CHANGED)) == 1


async def test_a_password_that_another_device_changed_meanwhile_stays(scene: Scene) -> None:
    """REL-18: the proof was about a password that is none any more."""
    caller = await scene.add_caller()

    async def change_elsewhere() -> None:
        await scene.store.users.save(caller.user.with_password_hash("hashed:from elsewhere", T0))

    scene.hasher.during_hash = change_elsewhere
    with pytest.raises(IncorrectPassword):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert (await scene.user(caller.user.id)).password_hash == "hashed:from elsewhere"
    assert await scene.session(caller.session.id) == caller.session.with_failed_prompts(1)
    assert scene.access_tokens.issued == {}


async def test_what_else_changed_meanwhile_stays(scene: Scene) -> None:
    caller, admin = await scene.add_caller(), await scene.add_caller(Role.ADMIN)

    async def change_role() -> None:
        await scene.services.user_admin.change(admin, caller.user.id, UserChanges(role=Role.GUEST, name="Bea"))

    scene.hasher.during_hash = change_role
    tokens = await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    stored = await scene.user(caller.user.id)
    assert (stored.role, stored.name) == (Role.GUEST, "Bea")
    assert stored.password_hash == f"hashed:{NEW_PASSWORD.reveal()}"
    assert scene.access_tokens.issued[tokens.access_token].role is Role.GUEST


async def test_a_server_too_busy_to_compare_or_to_hash_changes_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    before = scene.snapshot()

    async def get_busy() -> None:
        scene.hasher.is_full = True

    scene.hasher.during_verify = get_busy
    for _ in range(2):
        with pytest.raises(TooBusy):
            await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert scene.hasher.verified == 1
    assert scene.snapshot() == before


async def test_a_change_that_was_not_stored_is_not_answered(scene: Scene) -> None:
    user = await scene.add_user()
    here, there = await scene.sign_in(user), await scene.sign_in(user)
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await change(scene, here)
    for tokens in (here, there):
        await assert_both_tokens_work(scene, tokens)
    await scene.sign_in(user)
