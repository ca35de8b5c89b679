"""What every store of second factors does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bukhindor.domain.factor import Factor, FactorName
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_factor, make_user

ANN, BOB = make_user(), make_user()
PHONE = make_factor(
    ANN,
    name=FactorName("Phone"),
    confirmed_at=T0 + timedelta(microseconds=1),
    last_used_at=T0 + timedelta(microseconds=2),
    last_step=59_000_000,
)
TABLET = make_factor(ANN, created_at=T0 + timedelta(seconds=1))
PENDING = make_factor(ANN, created_at=T0 + timedelta(seconds=2), confirmed_at=None)
OF_BOB = make_factor(BOB)


async def factors_of_ann(store: FullStore) -> list[Factor]:
    async with store.read() as stored:
        return await stored.factors.of_user(ANN.id)


async def test_factors_come_back_as_they_were_kept_the_oldest_first(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, TABLET, PHONE, OF_BOB)
    assert await factors_of_ann(transactions) == [PHONE, TABLET]
    async with transactions.read() as stored:
        assert await stored.factors.of_user(make_user().id) == []
        assert await stored.factors.count() == 3


async def test_a_new_pending_factor_takes_the_place_of_the_older_one_only(transactions: FullStore) -> None:
    newer = make_factor(ANN, created_at=T0 + timedelta(seconds=3), confirmed_at=None)
    of_bob = make_factor(BOB, confirmed_at=None)
    await keep(transactions, ANN, BOB, of_bob, PHONE, PENDING, newer)
    assert await factors_of_ann(transactions) == [PHONE, newer]
    async with transactions.read() as stored:
        assert await stored.factors.of_user(BOB.id) == [of_bob]
        assert await stored.factors.count() == 1


async def test_a_step_is_accepted_once_and_none_before_it(transactions: FullStore) -> None:
    await keep(transactions, ANN, PENDING)
    used = PENDING.used(100, T0 + timedelta(minutes=1))
    async with transactions.begin() as tx:
        assert await tx.factors.save(used)
        assert not await tx.factors.save(replace(used, last_used_at=T0))
        assert not await tx.factors.save(PENDING.used(99, T0))
        assert not await tx.factors.save(make_factor(ANN).used(1, T0))
        await tx.commit()
    assert await factors_of_ann(transactions) == [used]


async def test_one_of_fifty_uses_of_a_step_counts(transactions: FullStore) -> None:
    await keep(transactions, ANN, PHONE)

    async def use() -> bool:
        async with transactions.begin() as tx:
            accepted = await tx.factors.save(PHONE.used(PHONE.last_step + 1, T0))
            await tx.commit()
        return accepted

    assert sorted(await asyncio.gather(*(use() for _ in range(50)))) == [False] * 49 + [True]


async def test_a_factor_is_removed_by_its_owner_only(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE, TABLET, OF_BOB)
    async with transactions.begin() as tx:
        assert not await tx.factors.remove(BOB.id, PHONE.id)
        assert await tx.factors.remove(ANN.id, PHONE.id)
        assert not await tx.factors.remove(ANN.id, PHONE.id)
        await tx.commit()
    assert await factors_of_ann(transactions) == [TABLET]
    async with transactions.begin() as tx:
        assert await tx.factors.remove_of_user(ANN.id) == 1
        assert await tx.factors.remove_of_user(ANN.id) == 0
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.factors.of_user(BOB.id) == [OF_BOB]


async def test_only_abandoned_factors_are_purged(transactions: FullStore) -> None:
    fresh = make_factor(BOB, created_at=T0 + timedelta(minutes=5), confirmed_at=None)
    await keep(transactions, ANN, BOB, PHONE, PENDING, fresh)
    async with transactions.begin() as tx:
        assert await tx.factors.remove_abandoned(fresh.created_at) == 1
        assert await tx.factors.remove_abandoned(fresh.created_at) == 0
        await tx.commit()
    assert await factors_of_ann(transactions) == [PHONE]
    async with transactions.read() as stored:
        assert await stored.factors.of_user(BOB.id) == [fresh]


async def test_factors_and_codes_go_with_their_user(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE, PENDING, OF_BOB)
    async with transactions.begin() as tx:
        await tx.recovery_codes.replace(ANN.id, [b"a", b"b"])
        await tx.recovery_codes.replace(BOB.id, [b"a"])
        await tx.commit()
    async with transactions.begin() as tx:
        assert await tx.users.remove(ANN.id)
        await tx.commit()
    assert await factors_of_ann(transactions) == []
    async with transactions.read() as stored:
        assert await stored.recovery_codes.count(ANN.id) == 0
        assert await stored.recovery_codes.count(BOB.id) == 1
        assert await stored.factors.of_user(BOB.id) == [OF_BOB]
