"""Proving that an account's address belongs to the person who uses the account."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.errors import (
    IncorrectPassword,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    RateLimited,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT, MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.services.email_verification import Verification
from tests.makers import ORIGIN, T0, address, mail_of
from tests.unit.services.proof_flows import RESET, VERIFY
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

VICTIM = address("victim@example.com")
MINUTE = timedelta(minutes=1)


async def register(scene: Scene) -> tuple[User, Proof]:
    """An account made over the network, and what came to the mailbox."""
    user = await scene.services.registration.register("Ann Example", VICTIM, PASSWORD, ORIGIN)
    return user, scene.link()


async def confirm(
    scene: Scene, proof: Proof, caller: Caller | None = None, password: Password | None = None
) -> Verification:
    return await scene.services.email_verification.confirm(proof, ORIGIN, caller, password)


async def test_an_attacker_who_planted_an_account_loses_it_to_the_mailbox(scene: Scene) -> None:
    """REG-06 (CVE-2024-38351): password, sessions and outstanding proofs end, and a way to a new password is mailed."""
    user, proof = await register(scene)
    planted = [await scene.login(VICTIM) for _ in range(2)]
    attacker = await scene.caller_of(planted[0])
    await scene.services.email_change.request(attacker, address("attacker@example.com"), PASSWORD)
    to_attacker = scene.link()
    now = scene.clock.advance(MINUTE)

    assert await confirm(scene, proof) is Verification.PASSWORD_REMOVED
    stored = await scene.user(user.id)
    assert (stored.email, stored.email_verified, stored.updated_at) == (VICTIM, True, now)
    assert stored.password_hash is None
    for tokens in planted:
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
        assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    with pytest.raises(InvalidCredentials):
        await scene.login(VICTIM)
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_change.confirm(to_attacker, ORIGIN)
    assert scene.mails()[-1] == (LetterKind.RESET_PASSWORD, VICTIM.value)

    await RESET.confirm(scene, scene.link())
    assert (await scene.caller_of(await scene.login(VICTIM, NEW_PASSWORD))).user.id == user.id


async def test_a_reset_takes_a_planted_account_over_as_well(scene: Scene) -> None:
    """REG-06: the victim never saw the first mail, and asks for a new password."""
    user, _ = await register(scene)
    planted = await scene.login(VICTIM)
    await RESET.confirm(scene, (await RESET.proofs(scene, user))["code"])
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(planted)
    with pytest.raises(InvalidCredentials):
        await scene.login(VICTIM)
    assert (await scene.user(user.id)).email_verified


@pytest.mark.parametrize("by", ["session", "password", "session and a wrong password"])
async def test_who_registered_and_reads_the_mailbox_keeps_everything(scene: Scene, by: str) -> None:
    """REG-06: shown by a session of the account, or by its password."""
    user, proof = await register(scene)
    devices = [await scene.login(VICTIM) for _ in range(2)]
    caller = None if by == "password" else await scene.caller_of(devices[0])
    password = {"session": None, "password": PASSWORD}.get(by, WRONG_PASSWORD)
    commits, mails = scene.store.commits, len(scene.queued())
    assert await confirm(scene, proof, caller, password) is Verification.PASSWORD_KEPT
    stored = await scene.user(user.id)
    assert (stored.email_verified, stored.password_hash) == (True, user.password_hash)
    for tokens in devices:
        await scene.caller_of(tokens)
    assert (scene.store.commits, len(scene.queued())) == (commits + 1, mails)
    event = scene.events()[-1]
    assert (event.type, event.subject_id, event.details) == (AuditType.EMAIL_VERIFIED, user.id, {"by": "registrant"})


@pytest.mark.parametrize("by", ["nothing", "a stranger's session", "an administrator's session"])
async def test_nothing_else_shows_that_one_registered(scene: Scene, by: str) -> None:
    """REG-06."""
    user, proof = await register(scene)
    planted = await scene.login(VICTIM)
    caller = None
    if "session" in by:
        caller = await scene.add_caller(Role.ADMIN if "admin" in by else Role.USER)
    assert await confirm(scene, proof, caller) is Verification.PASSWORD_REMOVED
    assert (await scene.user(user.id)).password_hash is None
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(planted)
    assert caller is None or await scene.has_session(caller.session)
    assert scene.events()[-1].details == {"by": "mailbox owner alone"}


async def test_failures_of_strangers_do_not_void_the_password_of_the_mailbox_owner(scene: Scene) -> None:
    """LGN-05, REG-06: the ceiling stops strangers; a client with the mailed proof is none."""
    user = await scene.add_user("victim@example.com", failed_sign_ins=100)
    proof = (await VERIFY.proofs(scene, user))["code"]
    assert await confirm(scene, proof, password=PASSWORD) is Verification.PASSWORD_KEPT


async def test_a_mistyped_password_changes_nothing_and_can_be_typed_again(scene: Scene) -> None:
    """LGN-05, LOG-02: the failure is recorded, and does not count against sign-ins."""
    user, proof = await register(scene)
    tokens = await scene.login(VICTIM)
    mails = len(scene.queued())
    with pytest.raises(IncorrectPassword):
        await confirm(scene, proof, password=WRONG_PASSWORD)
    assert (await scene.user(user.id)).password_hash == user.password_hash
    assert not (await scene.user(user.id)).email_verified
    assert len(scene.queued()) == mails
    (failed,) = scene.events(AuditType.PASSWORD_CHECK_FAILED)
    assert failed.subject_id == user.id
    assert (failed.details["kind"], failed.details["act"]) == ("mailed_link", "verify_email")
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"mailed_link:{VICTIM}") == 1
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"stranger:{VICTIM}") == 0
    assert (await scene.user(user.id)).failed_sign_ins == 0

    assert await confirm(scene, proof, password=PASSWORD) is Verification.PASSWORD_KEPT
    await scene.caller_of(tokens)


async def test_who_guesses_the_password_with_a_proof_is_stopped_and_may_still_give_it_up(scene: Scene) -> None:
    """LGN-05: ten guesses in fifteen minutes; the owner of the mailbox needs no password."""
    _, proof = await register(scene)
    for _ in range(FAILED_SIGN_INS_PER_ACCOUNT.hits):
        with pytest.raises(IncorrectPassword):
            await confirm(scene, proof, password=WRONG_PASSWORD)
    with pytest.raises(RateLimited):
        await confirm(scene, proof, password=PASSWORD)
    assert await confirm(scene, proof) is Verification.PASSWORD_REMOVED


@pytest.mark.parametrize("proof", ["link", "code"])
@pytest.mark.parametrize("first", ["with the password", "without it"])
@pytest.mark.parametrize("again", ["with the password", "without it", "with a wrong password"])
async def test_a_proof_that_was_used_says_that_the_address_is_verified(
    scene: Scene, proof: str, first: str, again: str
) -> None:
    """Pressed twice, or opened once more: nothing changes, whatever comes with it."""
    user, link = await register(scene)
    used = link if proof == "link" else scene.code(VICTIM)
    passwords = {"with the password": PASSWORD, "without it": None, "with a wrong password": WRONG_PASSWORD}
    await confirm(scene, used, password=passwords[first])
    before, verified = scene.state(), await scene.user(user.id)
    scene.clock.advance(MINUTE)
    assert await confirm(scene, used, password=passwords[again]) is Verification.ALREADY_VERIFIED
    assert scene.state() == before
    assert await scene.user(user.id) == verified
    assert len(scene.events(AuditType.EMAIL_VERIFIED)) == 1


@pytest.mark.parametrize("password", [PASSWORD, None], ids=["with the password", "without it"])
async def test_ten_presses_at_once_verify_once(scene: Scene, password: Password | None) -> None:
    """RST-05, REL-19: one verifies, and the others find the work done."""
    _, proof = await register(scene)
    mails = len(scene.queued())
    outcomes = await asyncio.gather(*(confirm(scene, proof, password=password) for _ in range(10)))
    first = Verification.PASSWORD_REMOVED if password is None else Verification.PASSWORD_KEPT
    assert outcomes == [first] + [Verification.ALREADY_VERIFIED] * 9
    assert len(scene.events(AuditType.EMAIL_VERIFIED)) == 1
    assert len(scene.queued()) == mails + (password is None)


async def test_a_used_proof_dies_with_its_day(scene: Scene) -> None:
    """RST-13."""
    _, proof = await register(scene)
    await confirm(scene, proof, password=PASSWORD)
    scene.clock.advance(Purpose.VERIFY_EMAIL.lifetime)
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, proof)


async def test_a_used_proof_says_nothing_of_an_address_that_was_changed(scene: Scene) -> None:
    """RST-06: a new address makes it void."""
    user, proof = await register(scene)
    await confirm(scene, proof, password=PASSWORD)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(email=address("new@example.com")))
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, proof)
    assert not (await scene.user(user.id)).email_verified


ACCOUNTS: dict[str, dict[str, Any] | None] = {
    "unknown": None,
    "unverified": {},
    "verified": {"email_verified": True},
    "banned": {"status": Status.BANNED},
    "inactive": {"status": Status.INACTIVE},
}


@pytest.mark.parametrize("which", ACCOUNTS)
async def test_asking_for_the_mail_again_looks_the_same_for_every_address(scene: Scene, which: str) -> None:
    """RST-01, RST-13: one commit, one event, the same limit."""
    parts = ACCOUNTS[which]
    user = None if parts is None else await scene.add_user("victim@example.com", **parts)
    await scene.services.email_verification.request(VICTIM, ORIGIN)
    assert scene.store.commits == 1
    (event,) = scene.events()
    assert (event.type, event.subject_id) == (AuditType.EMAIL_VERIFICATION_ASKED, user.id if user else None)
    assert event.details == ({"email": "v***@example.com"} if user else {})
    expected = [(LetterKind.VERIFY_EMAIL, VICTIM.value)] if which == "unverified" else []
    assert scene.mails() == expected
    place = f"verify:{VICTIM}"
    assert scene.limiter.taken == [(MAILS_PER_MAILBOX.name, place), (MAILS_PER_MAILBOX_AND_HOUR.name, place)]


async def test_the_mail_is_sent_again_once_a_minute(scene: Scene) -> None:
    """RST-12, RST-13."""
    await register(scene)
    for _ in range(3):
        await scene.services.email_verification.request(VICTIM, ORIGIN)
    assert scene.mails() == [(LetterKind.VERIFY_EMAIL, VICTIM.value)] * 2
    assert mail_of(scene.queued()[-1]).links == (
        f"https://app.example.com/verify_email?token={scene.newest_secret().token}",
    )


async def test_a_mail_that_could_not_be_queued_comes_with_the_next_try(scene: Scene) -> None:
    """RST-12, ML-03."""
    await scene.add_user("victim@example.com")
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.email_verification.request(VICTIM, ORIGIN)
    await scene.services.email_verification.request(VICTIM, ORIGIN)
    assert scene.mails() == [(LetterKind.VERIFY_EMAIL, VICTIM.value)]


async def test_a_server_too_busy_to_compare_uses_nothing_up(scene: Scene) -> None:
    _, proof = await register(scene)
    before = scene.snapshot()
    scene.hasher.is_full = True
    with pytest.raises(TooBusy):
        await confirm(scene, proof, password=PASSWORD)
    assert scene.snapshot() == before


async def test_a_password_that_was_changed_while_it_was_compared_shows_nothing(scene: Scene) -> None:
    """REG-06, REL-18: nothing is used up, so that the next try decides."""
    user, proof = await register(scene)

    async def change_password() -> None:
        await scene.store.users.save(user.with_password_hash("hashed:another one", T0))

    scene.hasher.during_verify = change_password
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, proof, password=PASSWORD)
    stored = await scene.user(user.id)
    assert (stored.email_verified, stored.password_hash) == (False, "hashed:another one")
    with pytest.raises(IncorrectPassword):
        await confirm(scene, proof, password=PASSWORD)


async def test_a_verified_account_stays_verified_when_its_proof_is_left_over(scene: Scene) -> None:
    user, proof = await register(scene)
    await scene.store.users.save(replace(user, email_verified=True))
    assert await confirm(scene, proof) is Verification.ALREADY_VERIFIED
    assert await scene.user(user.id) == replace(user, email_verified=True)


async def test_a_guest_stays_a_guest(scene: Scene) -> None:
    """AZ-13: verification and reset give no further rights."""
    user = await scene.add_user("victim@example.com", role=Role.GUEST)
    await confirm(scene, (await VERIFY.proofs(scene, user))["link"])
    await RESET.confirm(scene, scene.link())
    assert (await scene.user(user.id)).role is Role.GUEST
