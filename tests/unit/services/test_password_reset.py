"""A forgotten password: a mail, a proof, a new password."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    BukhindorError,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    InvalidValue,
    RateLimited,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.language import tag_of
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language, Origin
from bukhindor.domain.password import NewPassword
from bukhindor.domain.rate_limit import (
    FAILED_SIGN_INS_PER_ACCOUNT,
    MAILS_PER_MAILBOX,
    MAILS_PER_MAILBOX_AND_HOUR,
    Limit,
)
from bukhindor.domain.user import Status
from tests.makers import ORIGIN, T0, address, mail_of
from tests.unit.services.proof_flows import RESET
from tests.unit.services.scene import COMMON_PASSWORD, NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
MINUTE = timedelta(minutes=1)


async def request(scene: Scene, email: str = "ann@example.com", origin: Origin = ORIGIN) -> None:
    await scene.services.password_reset.request(address(email), origin)


async def test_the_mail_has_a_link_and_a_code_and_goes_to_the_stored_address(scene: Scene) -> None:
    """REG-02, RST-09: however the address was spelled, and whatever the request says of its host."""
    user = await scene.add_user("ann@example.com", name="Ann Lee", email_verified=True)
    await request(scene, " ANN@Example.com ", Origin("192.0.2.7", "Firefox", language=Language.RUSSIAN))
    (queued,) = scene.queued()
    secret = scene.newest_secret()
    assert (queued.user_id, mail_of(queued).to, queued.due_at, queued.tries) == (user.id, user.email, T0, 0)
    assert mail_of(queued).links == (f"https://app.example.com/reset_password?token={secret.token}",)
    assert mail_of(queued).codes == (secret.code,)
    (letter,) = scene.writer.written
    assert (letter.kind, letter.name, letter.language) == (
        LetterKind.RESET_PASSWORD,
        "Ann Lee",
        tag_of(Language.RUSSIAN),
    )


async def test_only_digests_of_the_proof_are_kept(scene: Scene) -> None:
    """RST-03."""
    user = await scene.add_user("ann@example.com")
    await request(scene)
    token, secret = await scene.one_time_token(user, Purpose.RESET_PASSWORD), scene.newest_secret()
    assert token is not None
    assert token.token_hash == scene.secrets.hash_token(secret.token)
    assert token.code_hash == scene.secrets.hash_code(secret.code, user.id, Purpose.RESET_PASSWORD)
    details = [text for event in scene.events() for text in event.details.values()]
    assert details == ["a***@example.com"]


ACCOUNTS: dict[str, dict[str, Any] | None] = {
    "unknown": None,
    "known": {},
    "unverified": {"email_verified": False},
    "without a password": {"password_hash": None},
    "banned": {"status": Status.BANNED},
    "inactive": {"status": Status.INACTIVE},
}


@pytest.mark.parametrize("which", ACCOUNTS)
async def test_asking_looks_the_same_for_every_address(scene: Scene, which: str) -> None:
    """RST-01: one response, one commit, one event, and the same limit; only who may sign in gets a mail."""
    parts = ACCOUNTS[which]
    user = None if parts is None else await scene.add_user("ann@example.com", **parts)
    await request(scene)
    assert (scene.store.commits, scene.hasher.verified, scene.hasher.hashed) == (1, 0, 0)
    (event,) = scene.events()
    assert (event.type, event.actor_id) == (AuditType.PASSWORD_RESET_ASKED, None)
    assert (event.subject_id, event.origin.ip) == (user.id if user else None, ORIGIN.ip)
    assert len(scene.queued()) == (0 if which in ("unknown", "banned", "inactive") else 1)
    assert len(scene.store.committed.one_time_tokens) == len(scene.queued())
    assert scene.limiter.taken == [
        (limit.name, "reset:ann@example.com") for limit in (MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR)
    ]


@pytest.mark.parametrize("which", ["known", "unknown"])
async def test_asking_too_often_is_answered_alike_and_sends_nothing(scene: Scene, which: str) -> None:
    """RST-12, LGN-11: one mail a minute, however the address is spelled; the first mail stays good."""
    if which == "known":
        await scene.add_user("ann@example.com")
    await request(scene)
    before = scene.snapshot()
    for spelling in ("ann@example.com", "ANN@example.com", " ann@example.com "):
        await request(scene, spelling)
    assert scene.snapshot() == before
    assert scene.store.commits == 1


@pytest.mark.parametrize("limit", [MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR])
async def test_a_refused_mail_does_not_count(scene: Scene, limit: Limit) -> None:
    """RST-12: otherwise a client that asks on and on would never get one."""
    await scene.add_user("ann@example.com")
    scene.limiter.exhaust(limit)
    await request(scene)
    assert scene.queued() == []
    assert scene.limiter.hits(MAILS_PER_MAILBOX, "reset:ann@example.com") == 0
    assert scene.limiter.hits(MAILS_PER_MAILBOX_AND_HOUR, "reset:ann@example.com") == 0


async def test_a_mail_that_could_not_be_queued_comes_with_the_next_try(scene: Scene) -> None:
    """RST-12, ML-03: clients ask again by themselves when the store fails; that must not look like a success."""
    await scene.add_user("ann@example.com")
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await request(scene)
    assert scene.queued() == []
    await request(scene)
    assert scene.mails() == [(LetterKind.RESET_PASSWORD, "ann@example.com")]


@pytest.mark.parametrize("form", ["link", "code"])
async def test_a_reset_ends_everything_and_starts_no_session(scene: Scene, form: str) -> None:
    """RST-08, SES-03: one write, a notice by mail, and the new password is good from now on."""
    user, stranger = await scene.add_user("ann@example.com"), await scene.add_caller()
    devices = [await scene.sign_in(user) for _ in range(3)]
    proofs = await RESET.proofs(scene, user)
    commits, issued = scene.store.commits, len(scene.access_tokens.issued)
    now = scene.clock.advance(MINUTE)
    await RESET.confirm(scene, proofs[form])
    assert (scene.store.commits, len(scene.access_tokens.issued)) == (commits + 1, issued)
    stored = await scene.user(user.id)
    assert (stored.password_hash, stored.updated_at) == (f"hashed:{NEW_PASSWORD.reveal()}", now)
    assert set(scene.store.committed.sessions) == {stranger.session.id}
    for tokens in devices:
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
        assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    assert scene.mails()[-1] == (LetterKind.PASSWORD_CHANGED, "ann@example.com")
    event = scene.events()[-1]
    assert (event.type, event.subject_id, event.details) == (AuditType.PASSWORD_RESET, user.id, {})
    with pytest.raises(InvalidCredentials):
        await scene.sign_in(user)
    await scene.caller_of(await scene.login(ANN, NEW_PASSWORD))


async def test_a_reset_proves_the_mailbox_and_drops_what_else_was_asked_for(scene: Scene) -> None:
    """REG-06: a change of address that the attacker who planted the account has asked for dies, too."""
    user = await scene.add_user("ann@example.com")
    planted = await scene.add_session(user)
    await scene.services.email_verification.request(user.email, ORIGIN)
    await RESET.confirm(scene, (await RESET.proofs(scene, user))["link"])
    assert (await scene.user(user.id)).email_verified
    assert not await scene.has_session(planted)
    assert scene.store.committed.one_time_tokens == {}


@pytest.mark.parametrize("failed_sign_ins", [7, 100])
async def test_a_reset_forgets_failures_in_a_row(scene: Scene, failed_sign_ins: int) -> None:
    """LGN-05."""
    user = await scene.add_user("ann@example.com", failed_sign_ins=failed_sign_ins)
    await RESET.confirm(scene, (await RESET.proofs(scene, user))["code"])
    assert (await scene.user(user.id)).failed_sign_ins == 0
    await scene.login(ANN, NEW_PASSWORD)


@pytest.mark.parametrize("form", ["link", "code"])
@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewPassword("short"), "password_too_short"),
        (COMMON_PASSWORD, "password_too_common"),
        (NewPassword("ann@example.com"), "password_too_personal"),
    ],
)
async def test_a_weak_password_does_not_use_the_proof_up(scene: Scene, new: NewPassword, code: str, form: str) -> None:
    """RST-08, PW-05: it does not count as a wrong code, and costs no hash."""
    user = await scene.add_user("ann@example.com")
    proof = (await RESET.proofs(scene, user))[form]
    before = scene.snapshot()
    for _ in range(6):
        with pytest.raises(InvalidValue) as refusal:
            await scene.services.password_reset.confirm(proof, new, ORIGIN)
        assert refusal.value.code == code
    assert (scene.snapshot(), scene.hasher.hashed) == (before, 0)
    await RESET.confirm(scene, proof)


async def test_a_weak_password_beside_a_wrong_proof_tells_nothing_of_the_account(scene: Scene) -> None:
    await scene.add_user("ann@example.com")
    scene.secrets.make()
    for proof in (scene.link(), scene.code(ANN)):
        with pytest.raises(InvalidOneTimeToken):
            await scene.services.password_reset.confirm(proof, NewPassword("ann@example.com"), ORIGIN)


async def test_of_twenty_resets_with_different_passwords_the_one_that_succeeds_is_stored(scene: Scene) -> None:
    """RST-05."""
    user = await scene.add_user("ann@example.com")
    proof = (await RESET.proofs(scene, user))["link"]
    passwords = [NewPassword(f"{NEW_PASSWORD.reveal()} {number}") for number in range(20)]
    confirm = scene.services.password_reset.confirm
    answers = await asyncio.gather(*(confirm(proof, new, ORIGIN) for new in passwords), return_exceptions=True)
    (winner,) = [number for number, answer in enumerate(answers) if isinstance(answer, str)]
    assert (await scene.user(user.id)).password_hash == f"hashed:{passwords[winner].reveal()}"


@pytest.mark.parametrize("cause", [TooBusy, StoreUnavailable])
async def test_a_reset_that_fails_leaves_all_as_it_was(scene: Scene, cause: type[BukhindorError]) -> None:
    user = await scene.add_user("ann@example.com")
    proof = (await RESET.proofs(scene, user))["link"]
    before = scene.snapshot()
    scene.hasher.is_full = cause is TooBusy
    scene.store.fail_next_commit = cause is StoreUnavailable
    with pytest.raises(cause):
        await RESET.confirm(scene, proof)
    assert scene.snapshot() == before


async def test_exhausted_sign_ins_block_no_reset(scene: Scene) -> None:
    """LGN-12: and who has a session goes on."""
    user = await scene.add_user("ann@example.com")
    here = await scene.sign_in(user)
    for _ in range(FAILED_SIGN_INS_PER_ACCOUNT.hits):
        with pytest.raises(InvalidCredentials):
            await scene.login(ANN, WRONG_PASSWORD)
    with pytest.raises(RateLimited):
        await scene.login(ANN)
    here = await scene.refresh(here)
    await scene.caller_of(here)
    await request(scene)
    await RESET.confirm(scene, scene.link())
    scene.limiter.let_time_pass()
    await scene.login(ANN, NEW_PASSWORD)


async def test_the_old_password_does_not_slip_in_beside_a_reset(scene: Scene) -> None:
    """REL-18: the sign-in compared the old hash, and then the reset came."""
    user = await scene.add_user("ann@example.com")
    proof = (await RESET.proofs(scene, user))["link"]

    async def reset() -> None:
        await RESET.confirm(scene, proof)

    scene.hasher.during_verify = reset
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, PASSWORD)
    assert scene.store.committed.sessions == {}
