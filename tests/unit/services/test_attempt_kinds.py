"""Strangers, familiar networks and device proofs: three kinds of sign-in attempts, three budgets"""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidCredentials, RateLimited
from bukhindor.domain.origin import Origin
from bukhindor.domain.password_attempt import AttemptKind
from bukhindor.domain.rate_limit import (
    FAILED_SIGN_INS_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_NETWORK,
    MAX_CONSECUTIVE_FAILURES,
)
from bukhindor.domain.user import User
from tests.makers import address
from tests.unit.services.proof_flows import RESET
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
HOME, HOME_NEIGHBOUR, CAFE = Origin("198.51.100.7"), Origin("198.51.100.99"), Origin("203.0.113.20")
DAY = timedelta(days=1)
TEN = FAILED_SIGN_INS_PER_ACCOUNT.hits


async def fail(scene: Scene, times: int, origin: Origin = CAFE, device_proof: str = "") -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await scene.login(ANN, WRONG_PASSWORD, origin=origin, device_proof=device_proof)


async def fail_for_days(scene: Scene, times: int, origin: Origin = CAFE, device_proof: str = "") -> None:
    """Spread over as long as the budgets take."""
    for _ in range(times):
        scene.limiter.let_time_pass()
        await fail(scene, 1, origin, device_proof)
    scene.limiter.let_time_pass()


async def owner_at_home(scene: Scene) -> tuple[User, str]:
    """An account that has signed in from home once, and the device proof that this has left."""
    user = await scene.add_user("ann@example.com")
    return user, (await scene.login(ANN, origin=HOME)).device_proof


async def test_strangers_use_up_the_budget_of_strangers_only(scene: Scene) -> None:
    """LGN-04, LGN-12: the owner signs in with the proof from anywhere, and without it from home."""
    _, proof = await owner_at_home(scene)
    await fail(scene, TEN)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=CAFE)
    await scene.login(ANN, origin=CAFE, device_proof=proof)
    await scene.login(ANN, origin=HOME_NEIGHBOUR)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=Origin("192.0.2.50"))


@pytest.mark.parametrize("kind", [AttemptKind.DEVICE_PROOF, AttemptKind.FAMILIAR_NETWORK])
async def test_each_kind_has_ten_failures(scene: Scene, kind: AttemptKind) -> None:
    """LGN-04: whatever an attempt shows, guessing is limited; its limit is no other kind's."""
    user, proof = await owner_at_home(scene)
    shown = proof if kind is AttemptKind.DEVICE_PROOF else ""
    origin = CAFE if kind is AttemptKind.DEVICE_PROOF else HOME
    await fail(scene, TEN, origin, shown)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=origin, device_proof=shown)
    (session,) = await scene.store.sessions.of_user(user.id)
    which = session.id if kind is AttemptKind.DEVICE_PROOF else "198.51.100.0/24"
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"{kind}:{ANN}:{which}") == TEN
    assert (await scene.user(user.id)).failed_sign_ins == 0
    assert {event.details["kind"] for event in scene.events(AuditType.SIGN_IN_FAILED)} == {kind}
    await scene.login(ANN, origin=Origin("192.0.2.50"))


async def test_a_familiar_network_that_is_attacked_from_delays_no_other(scene: Scene) -> None:
    """LGN-12: the café was used once; its guests can't keep the owner out at home."""
    await owner_at_home(scene)
    await scene.login(ANN, origin=CAFE)
    await fail(scene, TEN, CAFE)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=CAFE)
    await fail(scene, TEN, Origin("192.0.2.50"))
    await scene.login(ANN, origin=HOME)


async def test_a_stolen_proof_delays_its_own_device_only(scene: Scene) -> None:
    """LGN-12: renewing it gives no new budget; another device of the account goes on."""
    _, stolen = await owner_at_home(scene)
    tokens = await scene.login(ANN, origin=CAFE)
    await fail(scene, TEN, Origin("192.0.2.50"), stolen)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=Origin("192.0.2.50"), device_proof=stolen)
    await scene.login(ANN, origin=Origin("192.0.2.50"), device_proof=tokens.device_proof)
    await fail(scene, 5, Origin("192.0.3.50"), tokens.device_proof)
    renewed = (await scene.refresh(tokens)).device_proof
    await fail(scene, 5, Origin("192.0.3.50"), renewed)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=Origin("192.0.3.50"), device_proof=renewed)


async def test_a_proof_opens_the_account_behind_an_address_whose_attempts_are_used_up(scene: Scene) -> None:
    """LGN-06, LGN-12: strangers behind the same address of a carrier tried a hundred accounts."""
    _, proof = await owner_at_home(scene)
    for number in range(100):
        with pytest.raises(InvalidCredentials):
            await scene.login(address(f"person{number}@example.com"), WRONG_PASSWORD, origin=HOME)
    with pytest.raises(RateLimited) as refusal:
        await scene.login(ANN, origin=HOME)
    assert refusal.value.limit is FAILED_SIGN_INS_PER_NETWORK
    await scene.login(ANN, origin=HOME, device_proof=proof)
    # The refused attempt counted nowhere else.
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"familiar_network:{ANN}:198.51.100.0/24") == 0


async def test_the_proof_of_another_account_or_a_forged_one_is_worth_nothing(scene: Scene) -> None:
    """LGN-04: such a client is a stranger."""
    await owner_at_home(scene)
    other = await scene.add_user("bea@example.com")
    foreign = (await scene.sign_in(other)).device_proof
    for proof in (foreign, "nonsense", foreign.replace(str(other.id), "")):
        scene.limiter.let_time_pass()
        await fail(scene, 1, device_proof=proof)
        assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"stranger:{ANN}") == 1


async def test_a_proof_comes_with_every_sign_in_refresh_change_and_reset(scene: Scene) -> None:
    """LGN-04: and each is good for the next sign-in."""
    user = await scene.add_user("ann@example.com")
    tokens = await scene.sign_in(user)
    refreshed = await scene.refresh(tokens)
    caller = await scene.caller_of(refreshed)
    changed = await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    link = (await RESET.proofs(scene, user))["link"]
    after_reset = await scene.services.password_reset.confirm(link, PASSWORD, CAFE)
    await fail_for_days(scene, MAX_CONSECUTIVE_FAILURES, Origin("192.0.2.50"))
    for proof in (tokens.device_proof, refreshed.device_proof, changed.device_proof, after_reset):
        await scene.login(ANN, origin=Origin("192.0.2.77"), device_proof=proof)


async def test_a_network_is_familiar_for_thirty_days_after_the_last_sign_in(scene: Scene) -> None:
    """LGN-04: the network that was used last day by day stays so, and another is forgotten."""
    user, _ = await owner_at_home(scene)
    await scene.login(ANN, origin=CAFE)
    for _ in range(29):
        scene.clock.advance(DAY)
        await scene.login(ANN, origin=HOME)
    scene.clock.advance(DAY)
    assert await scene.store.familiar_networks.of_user(user.id) == [
        ("198.51.100.0/24", scene.clock.now() - DAY),
        ("203.0.113.0/24", scene.clock.now() - 30 * DAY),
    ]
    await fail(scene, TEN, Origin("192.0.2.50"))
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=CAFE)
    await scene.login(ANN, origin=HOME)


async def test_a_network_is_recorded_once_a_day(scene: Scene) -> None:
    user, _ = await owner_at_home(scene)
    first = scene.clock.now()
    scene.clock.advance(DAY / 2)
    await scene.login(ANN, origin=HOME_NEIGHBOUR)
    assert await scene.store.familiar_networks.of_user(user.id) == [("198.51.100.0/24", first)]


async def test_a_failed_sign_in_makes_no_network_familiar(scene: Scene) -> None:
    user, _ = await owner_at_home(scene)
    await fail(scene, 3, CAFE)
    assert [network for network, _ in await scene.store.familiar_networks.of_user(user.id)] == ["198.51.100.0/24"]


async def test_a_hundred_failures_of_strangers_stop_strangers_and_no_one_else(scene: Scene) -> None:
    """LGN-05, LGN-12: the ceiling counts strangers only."""
    user, proof = await owner_at_home(scene)
    await fail_for_days(scene, MAX_CONSECUTIVE_FAILURES)
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, origin=CAFE)
    await scene.login(ANN, origin=HOME)
    await scene.login(ANN, origin=CAFE, device_proof=proof)
    # That makes the café familiar; elsewhere strangers still wait for a reset.
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, origin=Origin("192.0.2.50"))
    assert (await scene.user(user.id)).failed_sign_ins == MAX_CONSECUTIVE_FAILURES + 2


async def test_two_hundred_failures_of_a_known_client_do_not_disable_the_password(scene: Scene) -> None:
    """LGN-05: the budgets of the other two kinds bound them: ten in fifteen minutes."""
    user, proof = await owner_at_home(scene)
    await fail_for_days(scene, 200, CAFE, proof)
    await fail_for_days(scene, 200, HOME)
    assert (await scene.user(user.id)).failed_sign_ins == 0
    await scene.login(ANN, origin=Origin("192.0.2.50"))


async def test_a_success_of_the_owner_does_not_begin_the_row_of_strangers_again(scene: Scene) -> None:
    """LGN-05, LGN-09: or an owner who signs in day by day would give a fleet new guesses."""
    user, proof = await owner_at_home(scene)
    await fail_for_days(scene, 60)
    await scene.login(ANN, origin=HOME)
    await scene.login(ANN, origin=Origin("192.0.2.50"), device_proof=proof)
    assert (await scene.user(user.id)).failed_sign_ins == 60


async def test_a_reset_by_mail_clears_every_count_and_the_owner_signs_in_at_once(scene: Scene) -> None:
    """LGN-12: under attack, from a new network, on a new device."""
    user = await scene.add_user("ann@example.com")
    await fail_for_days(scene, MAX_CONSECUTIVE_FAILURES)
    await fail(scene, TEN)
    link = (await RESET.proofs(scene, user))["link"]
    proof = await scene.services.password_reset.confirm(link, NEW_PASSWORD, HOME)
    stored = await scene.user(user.id)
    assert (stored.failed_sign_ins, stored.wrong_codes) == (0, 0)
    # The attack goes on at once, and uses the budget of strangers up again.
    await fail(scene, TEN)
    await scene.login(ANN, NEW_PASSWORD, origin=HOME_NEIGHBOUR)
    await scene.login(ANN, NEW_PASSWORD, origin=Origin("192.0.2.50"), device_proof=proof)
    with pytest.raises(RateLimited):
        await scene.login(ANN, NEW_PASSWORD, origin=Origin("192.0.3.99"))


async def test_a_device_that_comes_back_after_a_year_is_a_stranger(scene: Scene) -> None:
    _, proof = await owner_at_home(scene)
    scene.clock.advance(365 * DAY)
    await fail(scene, TEN)
    with pytest.raises(RateLimited):
        await scene.login(ANN, origin=CAFE, device_proof=proof)


async def test_a_client_without_an_address_is_in_no_familiar_network(scene: Scene) -> None:
    """LGN-04: behind a socket without trusted headers, all clients would be at home."""
    user = await scene.add_user("ann@example.com")
    await scene.login(ANN, origin=Origin())
    link = (await RESET.proofs(scene, user))["link"]
    await scene.services.password_reset.confirm(link, PASSWORD, Origin())
    assert await scene.store.familiar_networks.of_user(user.id) == []
    await fail(scene, 1, Origin())
    assert scene.limiter.hits(FAILED_SIGN_INS_PER_ACCOUNT, f"stranger:{ANN}") == 1
