"""What every store of recovery codes does."""

import asyncio

from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import make_user

ANN, BOB = make_user(), make_user()


async def test_a_code_is_used_once_by_its_owner_only(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB)
    async with transactions.begin() as tx:
        await tx.recovery_codes.replace(ANN.id, [b"one", b"two"])
        assert await tx.recovery_codes.count(ANN.id) == 2
        assert not await tx.recovery_codes.use(BOB.id, [b"one"])
        assert not await tx.recovery_codes.use(ANN.id, [b"on", b"one\0", b""])
        assert not await tx.recovery_codes.use(ANN.id, [])
        assert await tx.recovery_codes.use(ANN.id, [b"other secret", b"one"])
        assert not await tx.recovery_codes.use(ANN.id, [b"other secret", b"one"])
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.recovery_codes.count(ANN.id) == 1
        assert await stored.recovery_codes.count(BOB.id) == 0


async def test_a_new_set_makes_the_older_one_void(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB)
    async with transactions.begin() as tx:
        await tx.recovery_codes.replace(ANN.id, [b"one", b"two"])
        await tx.recovery_codes.replace(BOB.id, [b"one"])
        await tx.recovery_codes.replace(ANN.id, [b"three"])
        assert not await tx.recovery_codes.use(ANN.id, [b"one"])
        assert await tx.recovery_codes.remove_of_user(ANN.id) == 1
        assert await tx.recovery_codes.remove_of_user(ANN.id) == 0
        assert await tx.recovery_codes.count(BOB.id) == 1
        await tx.commit()


async def test_one_of_fifty_uses_of_a_code_counts(transactions: FullStore) -> None:
    await keep(transactions, ANN)
    async with transactions.begin() as tx:
        await tx.recovery_codes.replace(ANN.id, [b"one", b"two"])
        await tx.commit()

    async def use() -> bool:
        async with transactions.begin() as tx:
            used = await tx.recovery_codes.use(ANN.id, [b"one"])
            await tx.commit()
        return used

    assert sorted(await asyncio.gather(*(use() for _ in range(50)))) == [False] * 49 + [True]
    async with transactions.read() as stored:
        assert await stored.recovery_codes.count(ANN.id) == 1
