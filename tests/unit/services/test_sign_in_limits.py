"""Guessing passwords: how many tries there are, and who is not affected by the limits."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    AccountBanned,
    BukhindorError,
    IncorrectPassword,
    InvalidAccessToken,
    InvalidCredentials,
    RateLimited,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT, MAX_CONSECUTIVE_FAILURES
from bukhindor.domain.user import Status, User
from tests.makers import address
from tests.unit.services.proof_flows import RESET
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
LIMIT = FAILED_SIGN_INS_PER_ACCOUNT
ELSEWHERE = Origin("203.0.113.20")
OUTCOMES = {"unknown": None, "known": {}, "banned": {"status": Status.BANNED}}


def hits(scene: Scene, email: str = "ann@example.com") -> int:
    return scene.limiter.hits(LIMIT, f"stranger:{email}")


async def fail(scene: Scene, times: int, email: str = "ann@example.com") -> None:
    for number in range(times):
        with pytest.raises(InvalidCredentials):
            await scene.login(address(email), WRONG_PASSWORD, origin=Origin(f"192.0.2.{number}"))


async def fail_in_a_row(scene: Scene, user: User, times: int) -> None:
    """Spread over as long as it takes."""
    for _ in range(times):
        scene.limiter.let_time_pass()
        with pytest.raises(InvalidCredentials):
            await scene.login(user.email, WRONG_PASSWORD, origin=ELSEWHERE)


@pytest.mark.parametrize("which", OUTCOMES)
async def test_after_ten_failures_the_account_waits_wherever_they_come_from(scene: Scene, which: str) -> None:
    """LGN-04, LGN-01: with the right password, too, and for unknown addresses alike; nothing is compared or written."""
    parts = OUTCOMES[which]
    if parts is not None:
        await scene.add_user("ann@example.com", **parts)
    await fail(scene, 10)
    before, commits = scene.snapshot(), scene.store.commits
    for number in range(3):
        with pytest.raises(RateLimited) as refusal:
            await scene.login(ANN, PASSWORD)
        assert refusal.value.limit is LIMIT
        assert refusal.value.retry_after >= 1
        assert refusal.value.is_first is (number == 0)
    assert (scene.snapshot(), scene.store.commits) == (before, commits)
    assert (scene.hasher.verified, hits(scene)) == (10, 10)


async def test_the_limit_is_never_a_lock(scene: Scene) -> None:
    """LGN-04: when the time is over, the right password is good."""
    await scene.add_user("ann@example.com")
    await fail(scene, 10)
    scene.limiter.let_time_pass()
    await scene.login(ANN)
    assert LIMIT.window <= timedelta(minutes=15)


@pytest.mark.parametrize("spelling", ["ANN@example.com", " ann@example.com", "ａnn@EXAMPLE.com"])
async def test_every_spelling_of_an_address_counts_as_one(scene: Scene, spelling: str) -> None:
    """LGN-11."""
    await scene.add_user("ann@example.com")
    await fail(scene, 10, spelling)
    with pytest.raises(RateLimited):
        await scene.login(ANN)


async def test_fifty_wrong_sign_ins_at_once_get_ten_comparisons(scene: Scene) -> None:
    """LGN-10: and each of the ten is counted."""
    user = await scene.add_user("ann@example.com")
    answers = await asyncio.gather(*(scene.login(ANN, WRONG_PASSWORD) for _ in range(50)), return_exceptions=True)
    refused = [type(answer) for answer in answers]
    assert (refused.count(InvalidCredentials), refused.count(RateLimited)) == (10, 40)
    assert (scene.hasher.verified, hits(scene)) == (10, 10)
    assert (await scene.user(user.id)).failed_sign_ins == 10
    assert len(scene.events(AuditType.SIGN_IN_FAILED)) == 10


async def test_the_right_password_among_too_many_guesses_at_once_comes_too_late(scene: Scene) -> None:
    """LGN-10."""
    await scene.add_user("ann@example.com")
    guesses = [*[WRONG_PASSWORD] * 10, PASSWORD]
    answers = await asyncio.gather(*(scene.login(ANN, guess) for guess in guesses), return_exceptions=True)
    assert isinstance(answers[-1], RateLimited)
    assert scene.store.committed.sessions == {}


async def test_a_success_clears_only_the_count_of_its_own_account(scene: Scene) -> None:
    """LGN-09: four failures at the victim, one success of the attacker's own, again and again."""
    await scene.add_user("ann@example.com")
    await scene.add_user("attacker@example.com")
    answers: list[object] = []
    for _ in range(10):
        guesses = (scene.login(ANN, WRONG_PASSWORD) for _ in range(4))
        answers += [type(answer) for answer in await asyncio.gather(*guesses, return_exceptions=True)]
        await scene.login(address("attacker@example.com"))
    assert answers == [InvalidCredentials] * 10 + [RateLimited] * 30


async def test_success_clears_ones_own_count(scene: Scene) -> None:
    """LGN-09."""
    user = await scene.add_user("ann@example.com")
    await fail(scene, 9)
    await scene.login(ANN)
    assert hits(scene) == 0
    assert (await scene.user(user.id)).failed_sign_ins == 0
    await fail(scene, 10)


@pytest.mark.parametrize("cause", [TooBusy, AccountBanned, StoreUnavailable])
@pytest.mark.parametrize("password", [PASSWORD, WRONG_PASSWORD])
async def test_what_was_no_failure_does_not_count(
    scene: Scene, cause: type[BukhindorError], password: Password
) -> None:
    """LGN-04: or a busy server would lock people out; a wrong password for a banned account is one."""
    await scene.add_user("ann@example.com", status=Status.BANNED if cause is AccountBanned else Status.ACTIVE)
    await fail(scene, 3)
    scene.hasher.is_full = cause is TooBusy
    scene.store.fail_next_commit = cause is StoreUnavailable
    is_failure = cause is AccountBanned and password is WRONG_PASSWORD
    with pytest.raises(InvalidCredentials if is_failure else cause):
        await scene.login(ANN, password)
    assert hits(scene) == (4 if is_failure else 3)


async def test_a_hundred_failures_in_a_row_disable_the_password_until_it_is_reset(scene: Scene) -> None:
    """LGN-05: however long they take. The owner is notified once, a session goes on, and a reset by mail helps."""
    user = await scene.add_user("ann@example.com")
    here = await scene.sign_in(user)
    await fail_in_a_row(scene, user, MAX_CONSECUTIVE_FAILURES - 1)
    assert scene.mails() == []
    await fail_in_a_row(scene, user, 1)
    assert scene.mails() == [(LetterKind.PASSWORD_DISABLED, "ann@example.com")]
    scene.limiter.let_time_pass()
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, PASSWORD, origin=ELSEWHERE)
    await fail_in_a_row(scene, user, 5)
    assert scene.mails() == [(LetterKind.PASSWORD_DISABLED, "ann@example.com")]
    (event,) = scene.events(AuditType.PASSWORD_DISABLED)
    assert event.subject_id == user.id
    await scene.caller_of(await scene.refresh(here))

    await RESET.confirm(scene, (await RESET.proofs(scene, user))["link"])
    await scene.login(ANN, NEW_PASSWORD)


async def test_a_success_in_between_restarts_the_row(scene: Scene) -> None:
    """LGN-05."""
    user = await scene.add_user("ann@example.com")
    await fail_in_a_row(scene, user, MAX_CONSECUTIVE_FAILURES - 1)
    scene.limiter.let_time_pass()
    await scene.login(ANN, origin=Origin("192.0.3.1"))
    await fail_in_a_row(scene, user, MAX_CONSECUTIVE_FAILURES - 1)
    scene.limiter.let_time_pass()
    await scene.login(ANN, origin=Origin("192.0.4.1"))


async def test_a_session_is_not_stopped_by_failures_of_strangers(scene: Scene) -> None:
    """LGN-12: its prompts are not blocked by their budget, and not by the ceiling."""
    user = await scene.add_user("ann@example.com", failed_sign_ins=MAX_CONSECUTIVE_FAILURES)
    caller = await scene.caller_of(await scene.tokens_of(user))
    scene.limiter.exhaust(LIMIT)
    await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)


async def test_a_password_that_was_disabled_while_it_was_compared_starts_no_session(scene: Scene) -> None:
    """LGN-05, REL-18: the hundredth failure came in between."""
    user = await scene.add_user("ann@example.com", failed_sign_ins=MAX_CONSECUTIVE_FAILURES - 1)

    async def one_more() -> None:
        await scene.store.users.save(user.with_failed_sign_ins(MAX_CONSECUTIVE_FAILURES))

    scene.hasher.during_verify = one_more
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN)
    assert scene.store.committed.sessions == {}


async def test_wrong_current_passwords_have_a_budget_of_their_own_for_each_session(scene: Scene) -> None:
    """PW-12, LGN-12: ten, and then not even the right one; another session and sign-ins go on."""
    user = await scene.add_user("ann@example.com")
    here, there = [await scene.caller_of(await scene.sign_in(user)) for _ in range(2)]
    for _ in range(10):
        with pytest.raises(IncorrectPassword):
            await scene.services.password_change.change(here, WRONG_PASSWORD, NEW_PASSWORD)
    verified = scene.hasher.verified
    with pytest.raises(RateLimited):
        await scene.services.password_change.change(here, PASSWORD, NEW_PASSWORD)
    assert (scene.hasher.verified, hits(scene)) == (verified, 0)
    await scene.sign_in(user)
    await scene.services.password_change.change(there, PASSWORD, NEW_PASSWORD)


async def test_a_session_that_failed_a_hundred_times_in_a_row_proves_nothing_any_more(scene: Scene) -> None:
    """LGN-05, LOG-02: each of 110 wrong prompts is recorded, and 100 of them reach the ceiling of the account."""
    user = await scene.add_user("ann@example.com")
    caller = await scene.caller_of(await scene.sign_in(user))
    prompts = (
        lambda: scene.services.password_change.change(caller, WRONG_PASSWORD, NEW_PASSWORD),
        lambda: scene.services.own_account.delete(caller, WRONG_PASSWORD),
        lambda: scene.services.email_change.request(caller, address("new@example.com"), WRONG_PASSWORD),
    )
    for number in range(110):
        scene.limiter.let_time_pass()
        caller = await scene.caller_again(caller)
        with pytest.raises(IncorrectPassword):
            await prompts[number % 3]()
    assert len(scene.events(AuditType.PASSWORD_CHECK_FAILED)) == 110
    assert {event.details["act"] for event in scene.events(AuditType.PASSWORD_CHECK_FAILED)} == {
        "change_password",
        "delete_account",
        "change_email",
    }
    assert len(scene.events(AuditType.PASSWORD_DISABLED)) == 1
    assert scene.mails() == [(LetterKind.PASSWORD_DISABLED, "ann@example.com")]
    scene.limiter.let_time_pass()
    caller = await scene.caller_again(caller)
    with pytest.raises(IncorrectPassword):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert await scene.has_session(caller.session)


async def test_the_right_password_at_a_prompt_begins_the_row_of_its_session_again(scene: Scene) -> None:
    """LGN-05: the row of strangers goes on: a session must not give them new guesses."""
    user = await scene.add_user("ann@example.com", failed_sign_ins=7)
    caller = await scene.caller_of(await scene.tokens_of(user))
    for _ in range(3):
        with pytest.raises(IncorrectPassword):
            await scene.services.own_account.delete(caller, WRONG_PASSWORD)
    caller = await scene.caller_again(caller)
    assert caller.session.failed_prompts == 3
    await scene.services.email_change.request(caller, address("new@example.com"), PASSWORD)
    assert (await scene.user(user.id)).failed_sign_ins == 10
    assert (await scene.session(caller.session.id)).failed_prompts == 0


async def test_a_busy_server_does_not_count_a_current_password(scene: Scene) -> None:
    caller = await scene.add_caller(email="ann@example.com")
    scene.hasher.is_full = True
    with pytest.raises(TooBusy):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert hits(scene) == 0


async def test_a_change_that_is_asked_for_again_is_no_failure(scene: Scene) -> None:
    """REL-19: the response was lost; the current password of the repetition is none any more, and that is fine."""
    caller = await scene.caller_of(await scene.sign_in(await scene.add_user("ann@example.com")))
    for _ in range(LIMIT.hits + 1):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert hits(scene) == 0
    assert scene.events(AuditType.PASSWORD_CHECK_FAILED) == []
    assert len(scene.events(AuditType.PASSWORD_CHANGED)) == 1
    assert scene.mails() == [(LetterKind.PASSWORD_CHANGED, "ann@example.com")]


async def test_a_session_that_ended_at_its_prompt_is_not_written_again(scene: Scene) -> None:
    """JWT-10, REL-18: between the right password and the count that begins again."""
    caller = await scene.add_caller(email="ann@example.com")
    with pytest.raises(IncorrectPassword):
        await scene.services.own_account.delete(caller, WRONG_PASSWORD)
    caller = await scene.caller_again(caller)

    async def end() -> None:
        await scene.store.sessions.remove(caller.session.id)

    scene.hasher.during_verify = end
    with pytest.raises(InvalidAccessToken):
        await scene.services.own_account.delete(caller, PASSWORD)
    assert not await scene.has_session(caller.session)
    assert (await scene.user(caller.user.id)).email == ANN
