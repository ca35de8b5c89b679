"""A day in which a fleet of 10,000 networks attacks one account: the figures of SECURITY.md"""

from collections import Counter
from datetime import timedelta

import pytest

from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.domain.errors import BukhindorError, InvalidCredentials, InvalidOneTimeToken, RateLimited
from bukhindor.domain.one_time_token import TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.user import User
from tests.makers import T0, address
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

pytestmark = pytest.mark.unmeasured

ANN = address("ann@example.com")
NETWORKS = 10_000
TRIES_OF_EACH = 10
MINUTES = 24 * 60
HOME = Origin("198.51.100.7")
TRAIN, HOTEL = Origin("203.0.113.20"), Origin("192.0.2.50")


class Fleet(Scene):
    """The services with the real limiter. `guesses` counts the passwords that were compared with the account's."""

    def __init__(self) -> None:
        super().__init__()
        self.limiter = MemoryRateLimiter(self._seconds)  # type: ignore[assignment]
        self.services = self._services(PasswordPolicy(8, ()))
        self.outcomes: Counter[type[BukhindorError]] = Counter()
        self._tried = 0

    def _seconds(self) -> float:
        return (self.clock.now() - T0).total_seconds()

    async def attack(self) -> None:
        """One minute of an attack that spreads its tries evenly over the networks and the day."""
        self.clock.advance(timedelta(minutes=1))
        due = round(NETWORKS * TRIES_OF_EACH * self._seconds() / 60 / MINUTES)
        for number in range(self._tried, due):
            network = number % NETWORKS
            origin = Origin(f"10.{network // 256}.{network % 256}.1")
            with pytest.raises((InvalidCredentials, RateLimited)) as refusal:
                await self.login(ANN, WRONG_PASSWORD, origin=origin)
            self.outcomes[refusal.type] += 1
        self._tried = due

    @property
    def guesses(self) -> int:
        """Comparisons with the real hash: from the hundredth failure on there is none to compare with."""
        user = next(iter(self.store.committed.users.values()))
        return min(user.failed_sign_ins, 100)


@pytest.fixture
async def owner() -> tuple[Fleet, User, str]:
    """An account that has signed in from home, with the device proof of its phone."""
    fleet = Fleet()
    user = await fleet.add_user("ann@example.com", email_verified=True)
    return fleet, user, (await fleet.login(ANN, origin=HOME)).device_proof


async def test_a_fleet_gets_one_hundred_guesses_and_shuts_no_known_client_out(owner: tuple[Fleet, User, str]) -> None:
    """LGN-04, LGN-05, LGN-12: 100,000 tries from 10,000 networks in a day."""
    fleet, user, proof = owner
    session = await fleet.login(ANN, origin=HOME)
    stopped_after = None
    for minute in range(MINUTES):
        await fleet.attack()
        if stopped_after is None and fleet.guesses == 100:
            stopped_after = minute + 1
        if minute % 60 == 30:
            await fleet.login(ANN, origin=HOME)
            await fleet.login(ANN, origin=TRAIN, device_proof=proof)
            session = await fleet.refresh(session)
            caller = await fleet.caller_of(session)
            await fleet.services.email_change.request(caller, address(f"new{minute}@example.com"), PASSWORD)
    assert fleet.guesses == 100
    assert stopped_after == 136
    # Ten attempts in a quarter of an hour are worth a comparison; the rest are refused before it.
    assert fleet.outcomes == {InvalidCredentials: 960, RateLimited: 99_040}
    assert (await fleet.user(user.id)).password_hash == user.password_hash


async def test_a_new_device_in_a_new_network_needs_a_reset_by_mail_which_helps_at_once(
    owner: tuple[Fleet, User, str],
) -> None:
    """LGN-12: the one thing that a fleet can do is to make such a sign-in take a mail."""
    fleet, user, _ = owner
    for _ in range(180):
        await fleet.attack()
    with pytest.raises((InvalidCredentials, RateLimited)):
        await fleet.login(ANN, origin=HOTEL)
    await fleet.services.password_reset.request(ANN, HOTEL)
    proof = await fleet.services.password_reset.confirm(fleet.link(), NEW_PASSWORD, HOTEL)
    for _ in range(180):
        await fleet.attack()
        await fleet.login(ANN, NEW_PASSWORD, origin=HOTEL)
        await fleet.login(ANN, NEW_PASSWORD, origin=TRAIN, device_proof=proof)
    assert (await fleet.user(user.id)).failed_sign_ins >= 100


async def test_a_fleet_that_has_mails_sent_gets_ten_codes_a_day(owner: tuple[Fleet, User, str]) -> None:
    """RST-02, RST-12: five mails an hour with five tries each would be 600; links go on working."""
    fleet, user, _ = owner
    compared = 0
    for hour in range(24):
        for minute in range(60):
            fleet.clock.advance(timedelta(minutes=1))
            origin = Origin(f"10.{hour}.{minute}.1")
            await fleet.services.password_reset.request(ANN, origin)
            for _ in range(5):
                before = (await fleet.user(user.id)).wrong_codes
                with pytest.raises(InvalidOneTimeToken):
                    await fleet.services.password_reset.confirm(TypedCode(ANN, "99999999"), NEW_PASSWORD, origin)
                compared += (await fleet.user(user.id)).wrong_codes - before
    assert compared == 10
    await fleet.services.password_reset.confirm(fleet.link(), NEW_PASSWORD, HOME)
    await fleet.login(ANN, NEW_PASSWORD, origin=HOME)
