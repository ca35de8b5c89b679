"""What every store of invitations does."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bukhindor.domain.invitation import LIFETIME, Invitation
from bukhindor.domain.user import Role
from bukhindor.ports.store.full import FullStore
from tests.makers import T0, address, make_invitation

ANN = make_invitation("ann@example.com", role=Role.ADMIN, name="Ann", language="ru", invited_by=uuid4())
BARE = make_invitation("bea@example.com", created_at=T0 + timedelta(microseconds=1))
SECOND = timedelta(seconds=1)


async def put(store: FullStore, *invitations: Invitation) -> None:
    async with store.begin() as tx:
        for invitation in invitations:
            await tx.invitations.put(invitation)
        await tx.commit()


async def ids(store: FullStore) -> list[UUID]:
    async with store.read() as stored:
        return [each.id for each in await stored.invitations.all(T0)]


async def test_an_invitation_comes_back_as_it_was_kept(transactions: FullStore) -> None:
    await put(transactions, ANN, BARE)
    async with transactions.read() as stored:
        for each in (ANN, BARE):
            assert await stored.invitations.by_token_hash(each.token_hash) == each
        assert await stored.invitations.all(T0) == [BARE, ANN]


async def test_it_is_found_by_its_whole_digest_only(transactions: FullStore) -> None:
    await put(transactions, ANN)
    async with transactions.read() as stored:
        for digest in (b"", ANN.token_hash[:-1], ANN.token_hash + b"x", BARE.token_hash):
            assert await stored.invitations.by_token_hash(digest) is None


async def test_a_newer_one_replaces_the_older_for_the_same_address(transactions: FullStore) -> None:
    newer = make_invitation("ann@example.com", created_at=T0 + SECOND)
    await put(transactions, ANN, BARE)
    await put(transactions, newer)
    assert await ids(transactions) == [newer.id, BARE.id]
    async with transactions.read() as stored:
        assert await stored.invitations.by_token_hash(ANN.token_hash) is None


async def test_one_is_removed_once(transactions: FullStore) -> None:
    await put(transactions, ANN, BARE)
    async with transactions.begin() as tx:
        assert await tx.invitations.remove(ANN.id) == ANN
        assert await tx.invitations.remove(ANN.id) is None
        assert await tx.invitations.remove(uuid4()) is None
        await tx.commit()
    assert await ids(transactions) == [BARE.id]


async def test_one_is_removed_by_its_address(transactions: FullStore) -> None:
    await put(transactions, ANN, BARE)
    async with transactions.begin() as tx:
        await tx.invitations.remove_for(ANN.email)
        await tx.invitations.remove_for(address("nobody@example.com"))
        await tx.commit()
    assert await ids(transactions) == [BARE.id]


@pytest.mark.parametrize(("age", "lives"), [(LIFETIME - SECOND, True), (LIFETIME, False), (LIFETIME + SECOND, False)])
async def test_expired_ones_are_not_listed_and_removed(transactions: FullStore, age: timedelta, lives: bool) -> None:
    young = replace(BARE, created_at=T0 + age, expires_at=T0 + age + LIFETIME)
    await put(transactions, ANN, young)
    async with transactions.begin() as tx:
        assert (ANN in await tx.invitations.all(T0 + age)) is lives
        assert await tx.invitations.remove_expired(T0 + age) == (0 if lives else 1)
        assert await tx.invitations.remove_expired(T0 + age) == 0
        await tx.commit()
    assert await ids(transactions) == ([young.id, ANN.id] if lives else [young.id])
