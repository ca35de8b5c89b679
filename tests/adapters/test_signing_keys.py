"""What every store of signing keys does."""

from datetime import timedelta

from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_signing_key

OLD = make_signing_key("old", created_at=T0, sealed_private_key=bytes(range(256)))
NEW = make_signing_key("new", created_at=T0 + timedelta(microseconds=1))


async def test_keys_come_back_as_they_were_kept_the_newest_first(transactions: FullStore) -> None:
    await keep(transactions, OLD, NEW)
    async with transactions.read() as stored:
        assert await stored.signing_keys.all() == [NEW, OLD]


async def test_there_may_be_no_key(transactions: FullStore) -> None:
    async with transactions.read() as stored:
        assert await stored.signing_keys.all() == []


async def test_a_key_is_retired(transactions: FullStore) -> None:
    await keep(transactions, OLD, NEW)
    retired = OLD.retired(T0 + timedelta(days=1))
    async with transactions.begin() as tx:
        await tx.signing_keys.save(retired)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.signing_keys.all() == [NEW, retired]


async def test_a_key_is_forgotten_and_stays_so(transactions: FullStore) -> None:
    await keep(transactions, OLD, NEW)
    async with transactions.begin() as tx:
        await tx.signing_keys.remove(OLD.kid)
        await tx.signing_keys.remove(OLD.kid)
        await tx.signing_keys.save(OLD)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.signing_keys.all() == [NEW]
