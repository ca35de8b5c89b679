"""Signing in with a code or a link that was mailed, without a password."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    BukhindorError,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidOneTimeToken,
    MfaRequired,
    StoreUnavailable,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Proof, Purpose, TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import (
    FAILED_SIGN_INS_PER_ACCOUNT,
    MAILS_PER_MAILBOX,
    MAILS_PER_MAILBOX_AND_HOUR,
    MAX_CONSECUTIVE_FAILURES,
    WRONG_CODES_PER_ACCOUNT,
)
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, Status
from bukhindor.domain.ways_in import WaysIn
from tests.makers import ORIGIN, T0, address, mail_of, make_key_ring
from tests.unit.services.proof_flows import RESET, SIGN_IN
from tests.unit.services.scene import PASSWORD, WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
MINUTE = timedelta(minutes=1)
HOME, CAFE = Origin("198.51.100.7"), Origin("203.0.113.20")
PHONE = Device("phone-1", AppType.ANDROID, "1.2", "198.51.100.7", "Bukhindor/1.2 (Android)")


async def request(scene: Scene, email: str = "ann@example.com", origin: Origin = ORIGIN) -> None:
    await scene.services.sign_in_code.request(address(email), origin)


async def confirm(
    scene: Scene, proof: Proof, device: Device = PHONE, origin: Origin = HOME, device_proof: str = ""
) -> TokenPair:
    return await scene.services.sign_in_code.confirm(proof, device, origin, device_proof)


async def test_the_mail_has_a_link_and_a_code_and_goes_to_the_stored_address(scene: Scene) -> None:
    """REG-02, RST-09: however the address was spelled."""
    user = await scene.add_user("ann@example.com", name="Ann Lee", email_verified=True)
    await request(scene, " ANN@Example.com ")
    (queued,) = scene.queued()
    secret, mail = scene.newest_secret(), mail_of(queued)
    assert (queued.user_id, mail.to, queued.due_at) == (user.id, user.email, T0)
    assert mail.links == (f"https://app.example.com/sign_in_code?token={secret.token}",)
    assert mail.codes == (secret.code,)
    (letter,) = scene.writer.written
    assert (letter.kind, letter.name) == (LetterKind.SIGN_IN_CODE, "Ann Lee")


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
    """RST-01: one commit, one event, the same limit; only who may sign in gets a mail, no one an account."""
    parts = ACCOUNTS[which]
    user = None if parts is None else await scene.add_user("ann@example.com", **parts)
    await request(scene)
    assert (scene.store.commits, scene.hasher.verified, scene.hasher.hashed) == (1, 0, 0)
    (event,) = scene.events()
    assert (event.type, event.actor_id, event.subject_id) == (
        AuditType.SIGN_IN_CODE_ASKED,
        None,
        user.id if user else None,
    )
    assert event.details == ({"email": "a***@example.com"} if user else {})
    assert len(scene.queued()) == (0 if which in ("unknown", "banned", "inactive") else 1)
    assert len(scene.store.committed.one_time_tokens) == len(scene.queued())
    assert len(scene.store.committed.users) == (0 if user is None else 1)
    assert scene.limiter.taken == [
        (limit.name, "sign-in:ann@example.com") for limit in (MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR)
    ]


@pytest.mark.parametrize("which", ["known", "unknown"])
async def test_asking_too_often_is_answered_alike_and_sends_nothing(scene: Scene, which: str) -> None:
    """RST-12, LGN-11: one mail a minute, however the address is spelled; the first mail stays good."""
    if which == "known":
        await scene.add_user("ann@example.com")
    await request(scene)
    before = scene.snapshot()
    for spelling in ("ann@example.com", "ANN@example.com"):
        await request(scene, spelling)
    assert scene.snapshot() == before


async def test_another_purpose_has_a_minute_of_its_own(scene: Scene) -> None:
    """RST-12: a person who asks for a reset just now can still ask for a code."""
    await scene.add_user("ann@example.com")
    await scene.services.password_reset.request(ANN, ORIGIN)
    await request(scene)
    assert [kind for kind, _ in scene.mails()] == [LetterKind.RESET_PASSWORD, LetterKind.SIGN_IN_CODE]


async def test_a_mail_that_could_not_be_queued_comes_with_the_next_try(scene: Scene) -> None:
    """RST-12, ML-03"""
    await scene.add_user("ann@example.com")
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await request(scene)
    await request(scene)
    assert scene.mails() == [(LetterKind.SIGN_IN_CODE, "ann@example.com")]


@pytest.mark.parametrize("form", ["link", "code"])
async def test_a_proof_starts_a_session_and_leaves_the_others_alone(scene: Scene, form: str) -> None:
    """One commit, no hash; the password stays, and nothing is mailed but the report of a new device."""
    user = await scene.add_user("ann@example.com", email_verified=True)
    elsewhere = await scene.sign_in(user)
    proof = (await SIGN_IN.proofs(scene, user))[form]
    commits, hashes, mails = scene.store.commits, scene.hasher.verified, len(scene.queued())
    now = scene.clock.advance(MINUTE)
    tokens = await confirm(scene, proof)
    assert (scene.store.commits, scene.hasher.verified) == (commits + 1, hashes)
    caller = await scene.caller_of(tokens)
    assert (caller.user.id, caller.user.last_login_at, caller.session.device) == (user.id, now, PHONE)
    assert caller.user.password_hash == user.password_hash
    await scene.caller_of(elsewhere)
    assert [kind for kind, _ in scene.mails()[mails:]] == [LetterKind.NEW_DEVICE]
    event = scene.events()[-1]
    assert (event.type, event.subject_id, event.session_id) == (AuditType.SIGNED_IN, user.id, caller.session.id)
    assert event.details == {"kind": "stranger", "methods": Method.MAIL}
    assert await scene.one_time_token(user, Purpose.SIGN_IN) is None


async def test_an_account_without_a_password_is_signed_in(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", email_verified=True, password_hash=None)
    tokens = await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    assert (await scene.caller_of(tokens)).user.password_hash is None
    assert [kind for kind, _ in scene.mails()] == [LetterKind.SIGN_IN_CODE]


@pytest.mark.parametrize("form", ["link", "code"])
async def test_of_fifty_confirmations_at_once_one_starts_a_session(scene: Scene, form: str) -> None:
    """RST-05, REL-18"""
    user = await scene.add_user("ann@example.com")
    proof = (await SIGN_IN.proofs(scene, user))[form]
    answers = await asyncio.gather(*(confirm(scene, proof) for _ in range(50)), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [InvalidOneTimeToken] * 49
    assert len(scene.store.committed.sessions) == 1


@pytest.mark.parametrize("form", ["link", "code"])
async def test_the_mailbox_takes_a_planted_account_over(scene: Scene, form: str) -> None:
    """REG-06 (CVE-2024-38351): password, sessions and outstanding proofs end, and a way to a new password is mailed."""
    user = await scene.services.registration.register("Ann", ANN, PASSWORD, ORIGIN)
    planted = await scene.login(ANN)
    attacker = await scene.caller_of(planted)
    await scene.services.email_change.request(attacker, address("attacker@example.com"), PASSWORD)
    to_attacker = scene.link()
    proof = (await SIGN_IN.proofs(scene, user))[form]
    tokens = await confirm(scene, proof)
    stored = (await scene.caller_of(tokens)).user
    assert (stored.email, stored.email_verified, stored.password_hash) == (ANN, True, None)
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(planted)
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN)
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_change.confirm(to_attacker, ORIGIN)
    assert (LetterKind.RESET_PASSWORD, ANN.value) in scene.mails()
    (verified,) = scene.events(AuditType.EMAIL_VERIFIED)
    assert (verified.subject_id, verified.details) == (user.id, {"by": "mailbox owner alone"})
    assert len(scene.store.committed.sessions) == 1


@pytest.mark.parametrize("form", ["link", "code"])
@pytest.mark.parametrize(
    ("status", "refused"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)], ids=str
)
async def test_a_status_is_reported_only_with_the_right_proof(
    scene: Scene, status: Status, refused: type[BukhindorError], form: str
) -> None:
    """LGN-03: the proof is used up, nothing else changes, and the refusal is recorded."""
    user = await scene.add_user("ann@example.com", email_verified=False)
    proof = (await SIGN_IN.proofs(scene, user))[form]
    # A ban takes the proofs along; this one came through beside it.
    token = await scene.one_time_token(user, Purpose.SIGN_IN)
    await scene.store.users.save(replace(user, status=status))
    before = await scene.user(user.id)
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, TypedCode(ANN, "99999999"))
    with pytest.raises(refused):
        await confirm(scene, proof)
    after = await scene.user(user.id)
    assert (after.email_verified, after.password_hash) == (before.email_verified, before.password_hash)
    assert scene.store.committed.sessions == {}
    assert token is not None
    assert await scene.one_time_token(user, Purpose.SIGN_IN) is None
    event = scene.events()[-1]
    assert (event.type, event.details["methods"], event.details["reason"]) == (
        AuditType.SIGN_IN_FAILED,
        "mail",
        refused.code,
    )


async def test_failures_with_passwords_stop_no_mailed_code_and_stay_counted(scene: Scene) -> None:
    """LGN-05, LGN-12: strangers who guess passwords can't keep the owner of the mailbox out."""
    user = await scene.add_user("ann@example.com", failed_sign_ins=MAX_CONSECUTIVE_FAILURES)
    for _ in range(FAILED_SIGN_INS_PER_ACCOUNT.hits):
        with pytest.raises(InvalidCredentials):
            await scene.login(ANN, WRONG_PASSWORD)
    await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    assert (await scene.user(user.id)).failed_sign_ins >= MAX_CONSECUTIVE_FAILURES


async def test_wrong_codes_of_all_purposes_turn_codes_off_and_links_go_on(scene: Scene) -> None:
    """RST-12: a sign-in does not begin the day's count again, or a guesser would gain tries with each of them."""
    user = await scene.add_user("ann@example.com", email_verified=True)
    for flow in (SIGN_IN, RESET):
        code = (await flow.proofs(scene, user))["code"]
        for _ in range(4):
            with pytest.raises(InvalidOneTimeToken):
                await flow.confirm(scene, TypedCode(ANN, "99999999"))
        if flow is SIGN_IN:
            await confirm(scene, code)
    proofs = await SIGN_IN.proofs(scene, user)
    for _ in range(WRONG_CODES_PER_ACCOUNT.hits - 8):
        with pytest.raises(InvalidOneTimeToken):
            await confirm(scene, TypedCode(ANN, "99999999"))
    assert scene.mails()[-1] == (LetterKind.CODES_DISABLED, ANN.value)
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, proofs["code"])
    await confirm(scene, proofs["link"])


async def test_the_client_is_known_by_its_proof_or_its_network(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", email_verified=True)
    kinds = []
    first = await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"], origin=HOME)
    for origin, device_proof in ((HOME, ""), (CAFE, first.device_proof), (Origin("192.0.2.50"), "")):
        await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"], Device(), origin, device_proof)
        kinds.append(scene.events(AuditType.SIGNED_IN)[-1].details["kind"])
    assert kinds == ["familiar_network", "device_proof", "stranger"]


async def test_a_device_that_signs_in_again_replaces_its_session(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", email_verified=True)
    first = await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    proof = (await SIGN_IN.proofs(scene, user))["link"]
    second = await confirm(scene, proof, device_proof=first.device_proof)
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(first)
    await scene.caller_of(second)
    assert len(scene.store.committed.sessions) == 1


async def test_without_a_signing_key_nothing_is_used_up(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    proof = (await SIGN_IN.proofs(scene, user))["link"]
    before = scene.snapshot()
    scene.access_tokens.use(make_key_ring())
    with pytest.raises(StoreUnavailable):
        await confirm(scene, proof)
    assert scene.snapshot() == before


async def test_a_store_that_fails_leaves_the_proof_good(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    proof = (await SIGN_IN.proofs(scene, user))["code"]
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await confirm(scene, proof)
    assert scene.snapshot() == before
    await confirm(scene, proof)


@pytest.mark.parametrize("role", Role)
async def test_every_role_may_sign_in_with_a_mail_and_keeps_its_role(scene: Scene, role: Role) -> None:
    """AZ-13"""
    user = await scene.add_user("ann@example.com", role=role, email_verified=True)
    tokens = await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    assert (await scene.caller_of(tokens)).user.role is role


async def test_a_second_factor_is_asked_for_after_the_mail_as_well(scene: Scene) -> None:
    """The mailed proof is used up, and starts no session alone; an account without a password has two factors, too."""
    user = await scene.add_user("ann@example.com", email_verified=True, password_hash=None)
    factor = await scene.add_factor(user)
    proofs = await SIGN_IN.proofs(scene, user)
    with pytest.raises(MfaRequired) as refusal:
        await confirm(scene, proofs["code"])
    assert scene.store.committed.sessions == {}
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, proofs["link"])
    code = scene.code_of(factor, 0)
    tokens = await scene.services.factor_sign_in.complete(refusal.value.token, code, PHONE, HOME)
    session = (await scene.caller_of(tokens)).session
    assert (session.methods, session.level) == ((Method.MAIL, Method.OTP), Level.AAL2)


async def test_where_verification_is_required_the_mail_itself_verifies(scene: Scene) -> None:
    """RST-13"""
    scene.set_ways_in(WaysIn(requires_verified_email=True))
    user = await scene.add_user("ann@example.com", email_verified=False)
    tokens = await confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    assert (await scene.caller_of(tokens)).user.email_verified
