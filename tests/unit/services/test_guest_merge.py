"""A guest signs in to an account: what the guest has written joins it, in the transaction of the sign-in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    AccountBanned,
    BukhindorError,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidGuestToken,
    InvalidRefreshToken,
    MfaRequired,
    StoreUnavailable,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.metadata import Metadata
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Status, User
from bukhindor.ports.identity_provider import Redeemed
from bukhindor.services.identity_sign_in import IdToken
from tests.makers import ORIGIN, make_claims, make_passkey, make_queued_mail
from tests.unit.services.scene import DEVICE, PASSWORD, WRONG_PASSWORD, Scene
from tests.unit.services.test_guests import begin, upgrade
from tests.unit.services.test_passkey_as_second_factor import proof_of
from tests.unit.services.test_passkey_sign_in import used
from tests.unit.services.web_flow_scenes import VERIFIER, Journey

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Account:
    user: User
    passkey: Passkey


Way = Callable[[Scene, Account, str | None], Awaitable[TokenPair]]


async def by_password(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    return await scene.services.sign_in.login(account.user.email, PASSWORD, DEVICE, ORIGIN, guest_token=guest_token)


async def by_mail(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    await scene.services.sign_in_code.request(account.user.email, ORIGIN)
    return await scene.services.sign_in_code.confirm(scene.link(), DEVICE, ORIGIN, guest_token=guest_token)


async def by_passkey(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    challenge, _ = scene.services.passkey_sign_in.options()
    shown = used(challenge, account.passkey)
    return await scene.services.passkey_sign_in.sign_in(challenge.id, shown, DEVICE, ORIGIN, guest_token=guest_token)


async def half_signed_in(scene: Scene, account: Account, guest_token: str | None = None) -> str:
    with pytest.raises(MfaRequired) as refused:
        await by_password(scene, account, guest_token)
    return refused.value.token


async def by_code(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    factor = await scene.add_factor(account.user)
    token = await half_signed_in(scene, account)
    code = scene.code_of(factor)
    return await scene.services.factor_sign_in.complete(token, code, DEVICE, ORIGIN, guest_token)


async def by_passkey_as_second_factor(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    await scene.add_factor(account.user)
    token = await half_signed_in(scene, account)
    proof = proof_of(scene, account.passkey)
    return await scene.services.factor_sign_in.complete(token, proof, DEVICE, ORIGIN, guest_token)


async def by_identity(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    claims = make_claims(subject=str(account.user.id), email=account.user.email)
    token = IdToken(id_token=scene.google.issue(claims), nonce="nonce")
    signed_in = await scene.services.identity_sign_in.by_token("google", token, DEVICE, ORIGIN, guest_token=guest_token)
    return signed_in.tokens


async def by_claims(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    claims = make_claims(subject=str(account.user.id), email=account.user.email)
    signed_in = await scene.services.identity_sign_in.by_claims(claims, None, DEVICE, ORIGIN, guest_token=guest_token)
    return signed_in.tokens


async def by_browser(scene: Scene, account: Account, guest_token: str | None) -> TokenPair:
    journey = await Journey.begin(scene, scene.google)
    answer = journey.answer()
    claims = make_claims(subject=str(account.user.id), email=account.user.email)
    scene.google.codes["a-code"] = Redeemed(scene.google.issue(claims, journey.left["nonce"]), None)
    app = await journey.end(answer)
    signed_in = await scene.services.identity_sign_in.by_code(
        app["code"], VERIFIER, DEVICE, ORIGIN, guest_token=guest_token
    )
    return signed_in.tokens


WAYS: dict[str, Way] = {
    "browser": by_browser,
    "identity": by_identity,
    "claims of an identity": by_claims,
    "password": by_password,
    "mail": by_mail,
    "passkey": by_passkey,
    "code": by_code,
    "passkey as second factor": by_passkey_as_second_factor,
}


async def account(scene: Scene, metadata: str = '{"theme":"dark"}') -> Account:
    user = await scene.add_user(email_verified=True, metadata=Metadata(metadata))
    passkey = make_passkey(user)
    await scene.store.passkeys.add(passkey)
    return Account(user, passkey)


async def guest(scene: Scene, metadata: str = '{"theme":"light","level":3}') -> tuple[User, TokenPair]:
    tokens = await begin(scene)
    user = replace((await scene.caller_of(tokens)).user, metadata=Metadata(metadata))
    await scene.store.users.save(user)
    return user, tokens


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_signing_in_merges_a_guest(scene: Scene, way: str) -> None:
    person, (visitor, tokens) = await account(scene), await guest(scene)
    signed_in = await WAYS[way](scene, person, tokens.access_token)
    assert signed_in.merged_from == visitor.id
    user = (await scene.caller_of(signed_in)).user
    assert (user.id, user.metadata.text) == (person.user.id, '{"theme":"dark","level":3}')
    assert set(scene.store.committed.users) == {user.id}
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(tokens)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    (merged,) = scene.events(AuditType.GUEST_MERGED)
    assert (merged.subject_id, merged.details) == (user.id, {"merged_from": str(visitor.id)})
    assert [event.subject_id for event in scene.events(AuditType.DELETED)] == [visitor.id]
    assert [event.details for event in scene.events(AuditType.REGISTERED)] == [{}]
    assert LetterKind.ACCOUNT_DELETED not in [kind for kind, _ in scene.mails()]


@pytest.mark.parametrize("way", WAYS)
async def test_a_sign_in_without_a_guest_merges_no_one(scene: Scene, way: str) -> None:
    person, (visitor, tokens) = await account(scene), await guest(scene)
    assert (await WAYS[way](scene, person, None)).merged_from is None
    assert (await scene.caller_of(tokens)).user.id == visitor.id
    assert scene.events(AuditType.GUEST_MERGED) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "which", ["no token", "expired", "superseded", "signed out", "of a person", "of a former guest"]
)
async def test_a_token_that_is_no_guests_stops_every_sign_in(scene: Scene, way: str, which: str) -> None:
    person, (_, tokens) = await account(scene), await guest(scene)
    caller = await scene.caller_of(tokens)
    token = tokens.access_token
    if which == "no token":
        token = "not a token"
    elif which == "expired":
        scene.clock.advance(15 * MINUTE)
    elif which == "superseded":
        await scene.store.sessions.refuse_access_tokens_of(caller.user.id)
    elif which == "signed out":
        await scene.log_out(caller)
    elif which == "of a person":
        token = (await scene.tokens_of(person.user)).access_token
    else:
        await upgrade(scene, caller)
    sessions = dict(scene.store.committed.sessions)
    with pytest.raises(InvalidGuestToken):
        await WAYS[way](scene, person, token)
    assert scene.store.committed.sessions == sessions
    assert caller.user.id in scene.store.committed.users
    assert scene.events(AuditType.GUEST_MERGED) == []


async def test_the_token_is_looked_at_before_the_password(scene: Scene) -> None:
    person = await account(scene)
    before = scene.snapshot()
    with pytest.raises(InvalidGuestToken):
        await by_password(scene, person, "not a token")
    assert (scene.snapshot(), scene.hasher.verified, scene.limiter.taken) == (before, 0, [])


async def refused(scene: Scene, attempt: Awaitable[TokenPair]) -> type[BukhindorError]:
    """How a sign-in with a guest's token is refused; it is checked that the guest is still there."""
    guests = {user.id for user in scene.store.committed.users.values() if user.is_guest}
    with pytest.raises(BukhindorError) as refusal:
        await attempt
    assert {user.id for user in scene.store.committed.users.values() if user.is_guest} == guests
    return refusal.type


async def test_a_wrong_password_leaves_the_guest_alone(scene: Scene) -> None:
    person, (_, tokens) = await account(scene), await guest(scene)
    email, token = person.user.email, tokens.access_token
    attempt = scene.services.sign_in.login(email, WRONG_PASSWORD, DEVICE, ORIGIN, guest_token=token)
    assert await refused(scene, attempt) is InvalidCredentials


async def test_a_banned_account_takes_no_guest(scene: Scene) -> None:
    person, (_, tokens) = await account(scene), await guest(scene)
    await scene.store.users.save(replace(person.user, status=Status.BANNED))
    assert await refused(scene, by_password(scene, person, tokens.access_token)) is AccountBanned


async def test_a_guest_is_merged_at_the_end_of_a_sign_in_only(scene: Scene) -> None:
    """The first factor alone merges no one, and the token goes on working."""
    person, (visitor, tokens) = await account(scene), await guest(scene)
    factor = await scene.add_factor(person.user)
    token = await half_signed_in(scene, person, tokens.access_token)
    assert (await scene.caller_of(tokens)).user.id == visitor.id
    signed_in = await scene.services.factor_sign_in.complete(token, scene.code_of(factor), DEVICE, ORIGIN)
    assert (signed_in.merged_from, visitor.id in scene.store.committed.users) == (None, True)


async def test_a_store_that_fails_signs_no_one_in_and_merges_no_one(scene: Scene) -> None:
    person, (_, tokens) = await account(scene), await guest(scene)
    scene.store.fail_next_commit = True
    assert await refused(scene, by_password(scene, person, tokens.access_token)) is StoreUnavailable
    assert (await by_password(scene, person, tokens.access_token)).merged_from is not None


async def test_a_guest_who_is_gone_when_the_password_is_right_stops_the_sign_in(scene: Scene) -> None:
    person, (visitor, tokens) = await account(scene), await guest(scene)
    caller = await scene.caller_of(tokens)
    scene.hasher.during_verify = lambda: scene.services.own_account.delete(caller, None)
    with pytest.raises(InvalidGuestToken):
        await by_password(scene, person, tokens.access_token)
    assert (visitor.id in scene.store.committed.users, scene.events(AuditType.SIGNED_IN)[1:]) == (False, [])


async def test_a_guest_who_becomes_a_person_meanwhile_is_not_merged(scene: Scene) -> None:
    person, (visitor, tokens) = await account(scene), await guest(scene)
    caller = await scene.caller_of(tokens)
    scene.hasher.during_verify = lambda: upgrade(scene, caller)
    with pytest.raises(InvalidGuestToken):
        await by_password(scene, person, tokens.access_token)
    assert not (await scene.user(visitor.id)).is_guest


async def test_of_many_sign_ins_one_merges(scene: Scene) -> None:
    people, (_, tokens) = [await account(scene) for _ in range(10)], await guest(scene)
    attempts = (by_password(scene, person, tokens.access_token) for person in people)
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(InvalidGuestToken) == 9
    assert len(scene.events(AuditType.GUEST_MERGED)) == 1


async def test_what_waits_for_a_guest_goes_with_the_guest(scene: Scene) -> None:
    """Such as the code that was mailed to an address that the guest wanted."""
    person, (visitor, tokens) = await account(scene), await guest(scene)
    await scene.store.outbox.add(make_queued_mail(user_id=visitor.id))
    await by_password(scene, person, tokens.access_token)
    assert [mail for mail in scene.queued() if mail.user_id == visitor.id] == []
