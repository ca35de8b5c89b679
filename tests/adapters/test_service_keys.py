"""What every store of service keys does."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.errors import ServiceKeyNameTaken
from bukhindor.domain.service_key import Scope
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_secret, make_service_key

ORDERS = make_service_key(
    "orders",
    Scope.USERS_READ,
    Scope.TOKENS_INTROSPECT,
    secret=make_secret(1),
    created_by=uuid4(),
    expires_at=T0 + timedelta(days=90),
    last_used_at=T0 + timedelta(microseconds=1),
)
BARE = make_service_key("a.b", secret=make_secret(2))
OTHER = make_service_key("ab", secret=make_secret(3))


async def test_a_key_comes_back_as_it_was_kept(transactions: FullStore) -> None:
    await keep(transactions, ORDERS, BARE)
    async with transactions.read() as stored:
        for key in (ORDERS, BARE):
            assert await stored.service_keys.by_digest(key.digest) == key
            assert await stored.service_keys.by_name(key.name) == key


async def test_a_key_is_found_by_its_whole_digest_and_name_only(transactions: FullStore) -> None:
    await keep(transactions, ORDERS)
    async with transactions.read() as stored:
        for digest in (b"", ORDERS.digest[:-1], ORDERS.digest + b"x", BARE.digest):
            assert await stored.service_keys.by_digest(digest) is None
        for name in ("", "order", "orders2", "ORDERS"):
            assert await stored.service_keys.by_name(name) is None


async def test_all_are_listed_by_name_in_one_order_everywhere(transactions: FullStore) -> None:
    await keep(transactions, ORDERS, OTHER, BARE)
    async with transactions.read() as stored:
        assert await stored.service_keys.all() == [BARE, OTHER, ORDERS]


async def test_a_name_is_taken_until_its_key_is_revoked(transactions: FullStore) -> None:
    again = make_service_key("orders", secret=make_secret(4))
    await keep(transactions, ORDERS)
    with pytest.raises(ServiceKeyNameTaken):
        await keep(transactions, again)
    async with transactions.begin() as tx:
        assert await tx.service_keys.remove(ORDERS.id)
        assert not await tx.service_keys.remove(ORDERS.id)
        await tx.service_keys.add(again)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.service_keys.all() == [again]


async def test_the_last_use_is_kept_and_nothing_else_changes(transactions: FullStore) -> None:
    await keep(transactions, ORDERS, BARE)
    used = replace(BARE, last_used_at=T0)
    async with transactions.begin() as tx:
        await tx.service_keys.save(replace(used, scopes=frozenset(), expires_at=T0))
        await tx.service_keys.save(OTHER)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.service_keys.all() == [used, ORDERS]
