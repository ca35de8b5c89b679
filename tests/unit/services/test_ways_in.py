"""What the operator decides about registration, addresses and their proof."""

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailNotVerified, InvalidCredentials, InvalidValue, RegistrationClosed
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT
from bukhindor.domain.user import User, UserChanges
from bukhindor.domain.ways_in import AddressPolicy, RegistrationMode, WaysIn
from tests.makers import ORIGIN, address
from tests.unit.services.scene import PASSWORD, WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
CLOSED = WaysIn(registration=RegistrationMode.CLOSED)
NOT_EXAMPLE = WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.com"})))
VERIFIED_ONLY = WaysIn(requires_verified_email=True)


async def register(scene: Scene, email: EmailAddress = ANN) -> User:
    return await scene.services.registration.register("Ann Example", email, PASSWORD, ORIGIN)


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_closed_registration_refuses_all_alike(scene: Scene, is_known: bool) -> None:
    """Not even whether the address has an account."""
    if is_known:
        await scene.add_user("ann@example.com")
    scene.set_ways_in(CLOSED)
    before = scene.snapshot()
    with pytest.raises(RegistrationClosed):
        await register(scene)
    assert scene.snapshot() == before
    assert (scene.hasher.hashed, scene.store.commits) == (0, 0)


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_blocked_domain_refuses_all_alike(scene: Scene, is_known: bool) -> None:
    if is_known:
        await scene.add_user("ann@example.com")
    scene.set_ways_in(NOT_EXAMPLE)
    before = scene.snapshot()
    with pytest.raises(InvalidValue) as refusal:
        await register(scene)
    assert refusal.value.code == "email_domain_not_accepted"
    assert scene.snapshot() == before
    assert (scene.hasher.hashed, scene.store.commits) == (0, 0)


async def test_another_domain_may_register(scene: Scene) -> None:
    scene.set_ways_in(NOT_EXAMPLE)
    user = await register(scene, address("ann@example.org"))
    assert scene.store.committed.users == {user.id: user}


async def test_no_one_moves_to_a_blocked_domain(scene: Scene) -> None:
    """And the password is not asked for in vain."""
    caller = await scene.add_caller(email="ann@example.org", email_verified=True)
    scene.set_ways_in(NOT_EXAMPLE)
    before = scene.snapshot()
    with pytest.raises(InvalidValue) as refusal:
        await scene.services.email_change.request(caller, ANN, PASSWORD)
    assert (refusal.value.kind, refusal.value.code) == (EmailAddress, "email_domain_not_accepted")
    assert scene.snapshot() == before
    assert (scene.hasher.verified, scene.queued()) == (0, [])


async def test_administrators_and_operators_choose_any_address(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(registration=RegistrationMode.CLOSED, addresses=NOT_EXAMPLE.addresses))
    user = await scene.services.user_admin.create(Operator(), "Ann", ANN, PASSWORD)
    moved = UserChanges(email=address("anna@example.com"))
    assert (await scene.services.user_admin.change(Operator(), user.id, moved)).email == moved.email


async def test_an_account_of_a_domain_that_is_blocked_now_goes_on(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", email_verified=True)
    scene.set_ways_in(NOT_EXAMPLE)
    await scene.sign_in(user)
    await scene.services.password_reset.request(ANN, ORIGIN)
    assert await scene.one_time_token(user, Purpose.RESET_PASSWORD) is not None


async def test_an_unverified_address_is_reported_only_after_the_right_password(scene: Scene) -> None:
    """LGN-01, LGN-03: it counts as no failure, and starts nothing."""
    user = await scene.add_user("ann@example.com")
    scene.set_ways_in(VERIFIED_ONLY)
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, WRONG_PASSWORD)
    failed = scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, "stranger:ann@example.com")
    with pytest.raises(EmailNotVerified):
        await scene.login(ANN)
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, "stranger:ann@example.com") == failed
    assert (scene.store.committed.sessions, scene.access_tokens.issued, scene.queued()) == ({}, {}, [])
    *_, event = scene.events(AuditType.SIGN_IN_FAILED)
    assert event.subject_id == user.id
    assert event.details == {"kind": "stranger", "methods": "pwd", "reason": "email_not_verified"}


async def test_a_verified_person_signs_in_where_verification_is_required(scene: Scene) -> None:
    scene.set_ways_in(VERIFIED_ONLY)
    user = await register(scene)
    await scene.services.email_verification.confirm(scene.link(), ORIGIN, password=PASSWORD)
    await scene.sign_in(user)
    assert len(scene.store.committed.sessions) == 1


async def test_sessions_from_before_the_requirement_go_on(scene: Scene) -> None:
    """Switching it on signs no one out."""
    user = await scene.add_user("ann@example.com")
    tokens = await scene.sign_in(user)
    scene.set_ways_in(VERIFIED_ONLY)
    assert (await scene.caller_of(tokens)).user.id == user.id
    assert (await scene.refresh(tokens)).refresh_token != tokens.refresh_token
