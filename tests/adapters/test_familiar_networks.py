"""What every store of familiar networks does."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.user import User
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, address, make_user

ANN = make_user("ann@example.com", id=uuid4())
HOME, CAFE = "198.51.100.0/24", "2001:db8:1::/48"
DAY = timedelta(days=1)


async def record(store: FullStore, user: User, network: str, now: datetime) -> None:
    async with store.begin() as tx:
        await tx.users.by_id(user.id)
        await tx.familiar_networks.record(user.id, network, now)
        await tx.commit()


async def networks_of(store: FullStore, user: User) -> list[tuple[str, datetime]]:
    async with store.read() as stored:
        return await stored.familiar_networks.of_user(user.id)


async def test_networks_come_back_the_newest_first_each_once(transactions: FullStore) -> None:
    await keep(transactions, ANN)
    for network, days in ((HOME, 0), (CAFE, 1), (HOME, 2), (HOME, 3)):
        await record(transactions, ANN, network, T0 + days * DAY)
    assert await networks_of(transactions, ANN) == [(HOME, T0 + 3 * DAY), (CAFE, T0 + DAY)]


async def test_a_user_comes_with_the_last_use_of_the_network_that_was_asked_for(transactions: FullStore) -> None:
    """LGN-04: None where it was never used, or was another's; nothing at all for an unknown address."""
    bea = make_user()
    await keep(transactions, ANN, bea)
    await record(transactions, ANN, HOME, T0)
    async with transactions.read() as stored:
        assert await stored.users.by_email_with_network(ANN.email, HOME) == (ANN, T0)
        assert await stored.users.by_email_with_network(ANN.email, CAFE) == (ANN, None)
        assert await stored.users.by_email_with_network(bea.email, HOME) == (bea, None)
        assert await stored.users.by_email_with_network(address("nobody@example.com"), HOME) is None


async def test_networks_go_with_their_user(transactions: FullStore) -> None:
    """DP-01."""
    bea = make_user()
    await keep(transactions, ANN, bea)
    for user in (ANN, bea):
        await record(transactions, user, HOME, T0)
    async with transactions.begin() as tx:
        await tx.users.remove(ANN.id)
        await tx.commit()
    assert await networks_of(transactions, ANN) == []
    assert await networks_of(transactions, bea) == [(HOME, T0)]


@pytest.mark.parametrize(("age", "left"), [(DAY, 1), (DAY + timedelta(microseconds=1), 0)])
async def test_networks_that_were_not_used_for_long_are_removed(
    transactions: FullStore, age: timedelta, left: int
) -> None:
    """SES-08."""
    await keep(transactions, ANN)
    await record(transactions, ANN, HOME, T0 - age)
    async with transactions.begin() as tx:
        removed = await tx.familiar_networks.remove_before(T0 - DAY)
        assert await tx.familiar_networks.remove_before(T0 - DAY) == 0
        await tx.commit()
    assert (removed, len(await networks_of(transactions, ANN))) == (1 - left, left)
