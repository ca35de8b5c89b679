"""An account without an address at once, and the account of a person later."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    BukhindorError,
    EmailRequired,
    EmailTaken,
    InvalidAccessToken,
    InvalidValue,
    NotAGuest,
    RateLimited,
    RegistrationClosed,
    StoreUnavailable,
)
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.metadata import Metadata
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword
from bukhindor.domain.rate_limit import GUESTS_PER_DEVICE
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in_method import Level
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, UserChanges
from bukhindor.domain.ways_in import AddressPolicy, RegistrationMode, WaysIn
from tests.makers import ORIGIN, T0, address, make_guest, make_key_ring
from tests.unit.services.scene import COMMON_PASSWORD, DEVICE, NEW_PASSWORD, PASSWORD, Scene
from tests.unit.services.test_passkey_administration import added

ANN = address("ann@example.com")
PHONE = Device("phone-1", AppType.ANDROID, "1.2", "192.0.2.7", "Bukhindor/1.2 (Android)")
RUSSIAN = LanguageTag.parse("ru")


async def begin(scene: Scene, name: str | None = None, device: Device = DEVICE, origin: Origin = ORIGIN) -> TokenPair:
    return await scene.services.guests.start(name, device, origin, RUSSIAN)


async def guest(scene: Scene, name: str | None = None) -> Caller:
    return await scene.caller_of(await begin(scene, name))


async def upgrade(scene: Scene, caller: Caller, email: EmailAddress = ANN, **how: Any) -> None:
    await scene.services.guests.upgrade(caller, email, how.pop("password", PASSWORD), **how)


async def refusal(scene: Scene, caller: Caller, email: EmailAddress = ANN, **how: Any) -> type[Exception]:
    """How an upgrade is refused; it is checked that nothing was written."""
    before = scene.snapshot()
    with pytest.raises((BukhindorError, InvalidValue)) as refused:
        await upgrade(scene, caller, email, **how)
    assert scene.snapshot() == before
    return refused.type


async def test_a_guest_has_an_account_and_a_session_at_once(scene: Scene) -> None:
    caller = await guest(scene, "Zoe")
    user, session = caller.user, caller.session
    assert (user.name, user.role, user.is_guest, user.language) == ("Zoe", Role.USER, True, RUSSIAN)
    assert (user.email, user.password_hash) == (EmailAddress.of_guest(user.id), None)
    assert (session.methods, session.level, session.authenticated_at) == ((), Level.AAL1, T0)
    assert [event.type for event in scene.events()] == [AuditType.REGISTERED, AuditType.SIGNED_IN]
    assert (scene.events()[0].details, scene.events()[0].subject_id) == ({"kind": "guest"}, user.id)
    assert (scene.queued(), scene.store.commits, scene.hasher.hashed) == ([], 1, 0)


async def test_the_tokens_of_a_guest_are_renewed(scene: Scene) -> None:
    tokens = await scene.refresh(await begin(scene))
    assert (await scene.caller_of(tokens)).user.is_guest
    assert tokens.merged_from is None


NO_GUESTS = {
    "closed": WaysIn(registration=RegistrationMode.CLOSED),
    "invited": WaysIn(registration=RegistrationMode.INVITED),
    "verified addresses only": WaysIn(requires_verified_email=True),
    "some domains only": WaysIn(addresses=AddressPolicy(allowed=frozenset({"example.com"}))),
}


@pytest.mark.parametrize("which", NO_GUESTS)
async def test_there_are_no_guests_where_not_everyone_may_register(scene: Scene, which: str) -> None:
    scene.set_ways_in(NO_GUESTS[which])
    before = scene.snapshot()
    with pytest.raises(RegistrationClosed):
        await begin(scene, device=PHONE)
    assert (scene.snapshot(), scene.limiter.taken) == (before, [])


async def test_there_are_no_guests_where_everyone_needs_a_second_factor(scene: Scene) -> None:
    scene.policy = SessionPolicy(second_factor_for=frozenset(Role))
    scene.services = scene.assembled()
    with pytest.raises(RegistrationClosed):
        await begin(scene)
    assert scene.store.committed.users == {}


async def test_there_are_guests_where_some_domains_are_blocked(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.org"}))))
    assert (await guest(scene)).user.is_guest


async def test_one_device_begins_five_times_an_hour(scene: Scene) -> None:
    """The device names itself, so it counts within its network: no one uses up the count of others."""
    for _ in range(GUESTS_PER_DEVICE.hits):
        await begin(scene, device=PHONE)
    with pytest.raises(RateLimited):
        await begin(scene, device=PHONE)
    assert len(scene.store.committed.users) == GUESTS_PER_DEVICE.hits
    await begin(scene, device=PHONE, origin=Origin("203.0.113.20"))
    await begin(scene, device=replace(PHONE, device_id="phone-2"))
    await begin(scene)


async def test_no_guest_begins_while_no_token_can_be_signed(scene: Scene) -> None:
    scene.access_tokens.use(make_key_ring())
    with pytest.raises(StoreUnavailable):
        await begin(scene)
    assert scene.store.committed.users == {}


async def test_a_guest_becomes_a_person_and_loses_nothing(scene: Scene) -> None:
    tokens = await begin(scene, "Zoe")
    caller = await scene.caller_of(tokens)
    await scene.store.users.save(replace(caller.user, metadata=Metadata('{"level":3}')))
    now = scene.clock.advance(timedelta(minutes=1))
    await upgrade(scene, caller, name="Zoe Lee")
    user = await scene.user(caller.user.id)
    assert (user.email, user.email_verified, user.is_guest, user.guest_seen_at) == (ANN, False, False, None)
    assert (user.name, user.role, user.metadata.text, user.updated_at) == ("Zoe Lee", Role.USER, '{"level":3}', now)
    assert (await scene.caller_of(tokens)).user == user
    await scene.refresh(tokens)
    assert (await scene.caller_of(await scene.login(ANN))).user.id == user.id
    assert scene.mails() == [(LetterKind.VERIFY_EMAIL, "ann@example.com")]
    (event,) = scene.events(AuditType.GUEST_CLAIMED)
    assert (event.actor_id, event.subject_id, event.details) == (user.id, user.id, {"by": "password"})


async def test_the_name_of_a_guest_stays_without_another_one(scene: Scene) -> None:
    caller = await guest(scene, "Zoe")
    await upgrade(scene, caller)
    assert (await scene.user(caller.user.id)).name == "Zoe"


async def test_a_guest_becomes_a_person_once(scene: Scene) -> None:
    caller = await guest(scene)
    await upgrade(scene, caller)
    again = await scene.caller_again(caller)
    assert await refusal(scene, again, address("bea@example.com")) is NotAGuest
    assert await refusal(scene, await scene.add_caller()) is NotAGuest


async def test_a_guest_who_became_a_person_meanwhile_is_left_alone(scene: Scene) -> None:
    caller = await guest(scene)
    scene.hasher.during_hash = lambda: upgrade(scene, caller, address("bea@example.com"))
    with pytest.raises(NotAGuest):
        await upgrade(scene, caller)
    assert (await scene.user(caller.user.id)).email == address("bea@example.com")


async def test_a_guest_who_left_meanwhile_becomes_no_one(scene: Scene) -> None:
    caller = await guest(scene)
    scene.hasher.during_hash = lambda: scene.log_out(caller)
    with pytest.raises(InvalidAccessToken):
        await upgrade(scene, caller)
    assert (await scene.user(caller.user.id)).is_guest


async def test_the_rules_of_a_registration_hold(scene: Scene) -> None:
    await scene.add_user("taken@example.com")
    scene.set_ways_in(WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.org"}))))
    caller = await guest(scene)
    assert await refusal(scene, caller, address("taken@example.com")) is EmailTaken
    assert await refusal(scene, caller, address("ann@example.org")) is InvalidValue
    assert await refusal(scene, caller, EmailAddress.of_guest(caller.user.id)) is InvalidValue
    assert await refusal(scene, caller, password=COMMON_PASSWORD) is InvalidValue
    assert await refusal(scene, caller, password=NewPassword("Zoe Zoe Zoe"), name="Zoe Zoe Zoe") is InvalidValue


async def test_an_address_that_was_taken_meanwhile_is_refused(scene: Scene) -> None:
    caller = await guest(scene)

    async def register() -> None:
        await scene.add_user("ann@example.com")

    scene.hasher.during_hash = register
    with pytest.raises(EmailTaken):
        await upgrade(scene, caller)
    assert (await scene.user(caller.user.id)).is_guest


async def test_proofs_that_wait_are_void_after_an_upgrade(scene: Scene) -> None:
    """An address that was asked before would take the place of the new one."""
    caller = await guest(scene)
    await scene.services.email_change.request(caller, address("old@example.com"), None)
    await upgrade(scene, caller)
    assert await scene.one_time_token(caller.user, Purpose.CHANGE_EMAIL) is None
    assert await scene.one_time_token(caller.user, Purpose.VERIFY_EMAIL) is not None


async def test_a_guest_gets_no_password_without_an_address(scene: Scene) -> None:
    caller = await guest(scene)
    with_passkey = await guest(scene)
    await added(scene, with_passkey)
    before = scene.snapshot()
    for each in (caller, await scene.caller_again(with_passkey)):
        with pytest.raises(EmailRequired):
            await scene.services.first_password.add(each, NEW_PASSWORD)
        with pytest.raises(EmailRequired):
            await scene.services.user_admin.set_password(Operator(), each.user.id, NEW_PASSWORD)
        with pytest.raises(EmailRequired):
            await scene.services.user_admin.send_password_reset(Operator(), each.user.id)
        with pytest.raises(EmailRequired):
            await scene.services.lockdown.lock_own(each)
        with pytest.raises(EmailRequired):
            await scene.services.email_verification.vouch(Operator(), each.user.id)
    with pytest.raises(EmailRequired):
        await scene.services.second_factors.add_totp(caller, None)
    assert scene.snapshot() == before


async def test_no_one_is_given_the_address_of_a_guest(scene: Scene) -> None:
    """Not by an administrator, not by an invitation, and no one moves there."""
    admin, person = await scene.add_caller(Role.ADMIN), await scene.add_caller()
    taken = EmailAddress("x@guest.invalid")
    before = scene.state()
    with pytest.raises(InvalidValue):
        await scene.services.user_admin.create(admin, "X", taken, PASSWORD)
    with pytest.raises(InvalidValue):
        await scene.services.user_admin.change(admin, person.user.id, UserChanges(email=taken))
    with pytest.raises(InvalidValue):
        await scene.services.invitations.invite(admin, taken)
    with pytest.raises(InvalidValue):
        await scene.services.registration.register("X", taken, PASSWORD, ORIGIN)
    with pytest.raises(InvalidValue):
        await scene.services.email_change.request(person, taken, PASSWORD)
    assert (scene.state(), scene.queued()) == (before, [])


async def test_a_guest_signs_out_exports_and_deletes(scene: Scene) -> None:
    caller = await guest(scene)
    assert (await scene.services.own_account.export(caller)).user == caller.user
    scene.clock.advance(timedelta(hours=1))
    await scene.services.own_account.delete(caller, None)
    assert (scene.store.committed.users, scene.store.committed.sessions, scene.queued()) == ({}, {}, [])
    leaver = await guest(scene)
    await scene.log_out(leaver)
    assert not await scene.has_session(leaver.session)


REQUESTS = ["sign_in_code", "password_reset", "email_verification"]


@pytest.mark.parametrize("service", REQUESTS)
async def test_a_guest_who_asks_for_a_mail_gets_none(scene: Scene, service: str) -> None:
    """The response is that for any address; no code waits that anyone could guess."""
    caller = await guest(scene)
    await getattr(scene.services, service).request(caller.user.email, ORIGIN)
    assert (scene.queued(), scene.store.committed.one_time_tokens) == ([], {})


@pytest.mark.parametrize("kind", list(LetterKind))
async def test_no_letter_of_any_kind_is_mailed_to_a_guest(scene: Scene, kind: LetterKind) -> None:
    """Whatever a use case has to tell: the queue takes nothing for an account without an address."""
    user, letters = make_guest(), scene.services.guests.letters
    await scene.store.users.add(user)
    async with scene.store.begin() as tx:
        await letters.tell(tx, user, kind, ORIGIN, T0)
        await letters.warn(tx, user, kind, ORIGIN, T0)
        secret = scene.secrets.make()
        await letters.invite(tx, user.email, "", RUSSIAN, secret, ORIGIN, T0)
        if kind.value in [purpose.value for purpose in Purpose]:
            await letters.ask_for_proof(tx, user, Purpose(kind.value), ORIGIN, T0)
        await tx.commit()
    assert (scene.queued(), scene.store.committed.one_time_tokens) == ([], {})


async def test_a_guest_who_was_promoted_on_the_side_is_still_a_guest(scene: Scene) -> None:
    """A role that an administrator sets changes nothing about the ways in."""
    caller = await guest(scene)
    changed = await scene.services.user_admin.change(Operator(), caller.user.id, UserChanges(role=Role.GUEST))
    assert (changed.role, changed.is_guest) == (Role.GUEST, True)
    await upgrade(scene, await scene.caller_again(caller))
    person = await scene.user(caller.user.id)
    assert (person.role, person.is_guest) == (Role.GUEST, False)
