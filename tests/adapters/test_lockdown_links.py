"""What every store of links that lock an account does."""

from datetime import timedelta
from hashlib import sha256

import pytest

from bukhindor.domain.one_time_token import LOCKDOWN_LIFETIME, LockdownLink
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, address, make_user

ANN = make_user("ann@example.com")
BOB = make_user("bob@example.com")
SECOND = timedelta(seconds=1)


def link(
    number: int, user_id: object = ANN.id, mailbox: str = "ann@example.com", age: timedelta = SECOND
) -> LockdownLink:
    assert isinstance(user_id, type(ANN.id))
    digest = sha256(number.to_bytes(4)).digest()
    return LockdownLink.issue(digest, user_id, address(mailbox), T0 - age)


async def add(store: FullStore, *links: LockdownLink) -> None:
    async with store.begin() as tx:
        for each in links:
            await tx.lockdown_links.add(each)
        await tx.commit()


async def those_left(store: FullStore, *links: LockdownLink) -> list[LockdownLink]:
    async with store.read() as stored:
        return [each for each in links if await stored.lockdown_links.by_token_hash(each.token_hash) == each]


async def test_a_newer_link_leaves_the_older_one_alone(transactions: FullStore) -> None:
    older, newer = link(1, age=2 * SECOND), link(2)
    await keep(transactions, ANN)
    await add(transactions, older, newer)
    assert await those_left(transactions, older, newer) == [older, newer]
    async with transactions.read() as stored:
        for digest in (b"", older.token_hash[:-1], older.token_hash + b"x"):
            assert await stored.lockdown_links.by_token_hash(digest) is None


async def test_a_use_removes_those_of_the_mailbox_and_the_newer_ones(transactions: FullStore) -> None:
    """An older one in a mail to another mailbox stays, and so do those of other users."""
    elsewhere = link(1, mailbox="old@example.com", age=3 * SECOND)
    here = link(2, age=4 * SECOND)
    newer_elsewhere = link(3, mailbox="old@example.com", age=2 * SECOND)
    others = link(4, BOB.id, "bob@example.com")
    await keep(transactions, ANN, BOB)
    await add(transactions, elsewhere, here, newer_elsewhere, others)
    async with transactions.begin() as tx:
        assert await tx.lockdown_links.remove_for(ANN.id, ANN.email, T0 - 2 * SECOND) == 2
        assert await tx.lockdown_links.remove_for(ANN.id, ANN.email, T0 - 2 * SECOND) == 0
        await tx.commit()
    assert await those_left(transactions, elsewhere, here, newer_elsewhere, others) == [elsewhere, others]


async def test_the_links_of_a_user_go_with_the_user(transactions: FullStore) -> None:
    mine, others = link(1), link(2, BOB.id, "bob@example.com")
    await keep(transactions, ANN, BOB)
    await add(transactions, mine, others)
    async with transactions.begin() as tx:
        await tx.users.remove(ANN.id)
        await tx.commit()
    assert await those_left(transactions, mine, others) == [others]


@pytest.mark.parametrize(
    ("age", "removed"), [(LOCKDOWN_LIFETIME - SECOND, 0), (LOCKDOWN_LIFETIME, 1), (LOCKDOWN_LIFETIME + SECOND, 1)]
)
async def test_expired_ones_are_removed(transactions: FullStore, age: timedelta, removed: int) -> None:
    old, young = link(1, age=age), link(2)
    await keep(transactions, ANN)
    await add(transactions, old, young)
    async with transactions.begin() as tx:
        assert await tx.lockdown_links.remove_expired(T0) == removed
        assert await tx.lockdown_links.remove_expired(T0) == 0
        await tx.commit()
    assert young in await those_left(transactions, old, young)
