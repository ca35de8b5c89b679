"""What every store of one-time tokens does."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.one_time_token import Purpose
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, address, make_one_time_token, make_user

OWNER = make_user("owner@example.com", id=uuid4())
OTHER = make_user("other@example.com", id=uuid4())
RESET = make_one_time_token(OWNER, email=address("new@example.com"), failed_tries=3, code_hash=bytes(range(32)))
MOMENT = timedelta(microseconds=1)


async def test_a_token_comes_back_as_it_was_kept(transactions: FullStore) -> None:
    await keep(transactions, OWNER, RESET)
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.by_token_hash(RESET.token_hash) == RESET
        assert await stored.one_time_tokens.of_user(OWNER.id, Purpose.RESET_PASSWORD) == RESET


async def test_a_token_is_found_by_its_own_digest_and_purpose_only(transactions: FullStore) -> None:
    """RST-07: bound to user and purpose."""
    await keep(transactions, OWNER, OTHER, RESET)
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.by_token_hash(RESET.token_hash[:-1]) is None
        assert await stored.one_time_tokens.by_token_hash(b"") is None
        assert await stored.one_time_tokens.of_user(OWNER.id, Purpose.VERIFY_EMAIL) is None
        assert await stored.one_time_tokens.of_user(OTHER.id, Purpose.RESET_PASSWORD) is None


async def test_a_newer_token_takes_the_place_of_the_older(transactions: FullStore) -> None:
    """RST-06: and leaves those of other purposes and people."""
    newer = make_one_time_token(OWNER, created_at=T0 + timedelta(minutes=1))
    verify, others = make_one_time_token(OWNER, Purpose.VERIFY_EMAIL), make_one_time_token(OTHER)
    await keep(transactions, OWNER, OTHER, RESET, verify, others)
    await keep(transactions, newer)
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.by_token_hash(RESET.token_hash) is None
        assert await stored.one_time_tokens.of_user(OWNER.id, Purpose.RESET_PASSWORD) == newer
        assert await stored.one_time_tokens.by_token_hash(verify.token_hash) == verify
        assert await stored.one_time_tokens.by_token_hash(others.token_hash) == others


async def test_wrong_tries_are_counted(transactions: FullStore) -> None:
    await keep(transactions, OWNER, OTHER, RESET, others := make_one_time_token(OTHER))
    async with transactions.begin() as tx:
        await tx.one_time_tokens.save(RESET.after_wrong_code())
        await tx.commit()
    async with transactions.read() as stored:
        kept = await stored.one_time_tokens.by_token_hash(RESET.token_hash)
        assert kept == replace(RESET, failed_tries=4)
        assert await stored.one_time_tokens.by_token_hash(others.token_hash) == others


async def test_a_try_at_an_older_token_does_not_count_against_the_newer(transactions: FullStore) -> None:
    newer = make_one_time_token(OWNER)
    await keep(transactions, OWNER, RESET)
    await keep(transactions, newer)
    async with transactions.begin() as tx:
        await tx.one_time_tokens.save(RESET.after_wrong_code())
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.of_user(OWNER.id, Purpose.RESET_PASSWORD) == newer


async def test_of_many_that_use_a_token_at_once_one_removes_it(transactions: FullStore) -> None:
    """RST-05: twenty at the same moment."""
    await keep(transactions, OWNER, RESET)

    async def use() -> bool:
        async with transactions.begin() as tx:
            if await tx.one_time_tokens.by_token_hash(RESET.token_hash) is None:
                return False
            await asyncio.sleep(0)
            removed = await tx.one_time_tokens.remove(OWNER.id, Purpose.RESET_PASSWORD)
            await tx.commit()
        return removed

    assert sorted(await asyncio.gather(*(use() for _ in range(20)))) == [False] * 19 + [True]


async def test_all_tokens_of_a_user_are_removed(transactions: FullStore) -> None:
    """RST-06."""
    mine = [make_one_time_token(OWNER, purpose) for purpose in Purpose]
    await keep(transactions, OWNER, OTHER, *mine, others := make_one_time_token(OTHER))
    async with transactions.begin() as tx:
        assert await tx.one_time_tokens.remove(OWNER.id, Purpose.VERIFY_EMAIL) is True
        assert await tx.one_time_tokens.remove(OWNER.id, Purpose.VERIFY_EMAIL) is False
        assert await tx.one_time_tokens.remove_of_user(OWNER.id) == len(Purpose) - 1
        assert await tx.one_time_tokens.remove_of_user(OWNER.id) == 0
        await tx.commit()
    async with transactions.read() as stored:
        assert [await stored.one_time_tokens.by_token_hash(token.token_hash) for token in mine] == [None] * len(Purpose)
        assert await stored.one_time_tokens.by_token_hash(others.token_hash) == others


async def test_tokens_go_with_their_user(transactions: FullStore) -> None:
    """RST-06: and come back with it when the removal is undone."""
    await keep(transactions, OWNER, RESET)
    async with transactions.begin() as tx:
        await tx.users.remove(OWNER.id)
        assert await tx.one_time_tokens.by_token_hash(RESET.token_hash) is None
    async with transactions.begin() as tx:
        assert await tx.one_time_tokens.by_token_hash(RESET.token_hash) == RESET
        await tx.users.remove(OWNER.id)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.by_token_hash(RESET.token_hash) is None


async def test_a_token_without_an_owner_is_a_mistake_of_the_program(transactions: FullStore) -> None:
    with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key|no owner"):
        await keep(transactions, RESET)


async def test_exactly_the_expired_tokens_are_removed(transactions: FullStore) -> None:
    ends = T0 + Purpose.RESET_PASSWORD.lifetime
    over = make_one_time_token(OWNER)
    alive = make_one_time_token(OTHER, expires_at=ends + MOMENT)
    await keep(transactions, OWNER, OTHER, over, alive)
    async with transactions.begin() as tx:
        assert await tx.one_time_tokens.remove_expired(ends - MOMENT) == 0
        assert await tx.one_time_tokens.remove_expired(ends) == 1
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.one_time_tokens.by_token_hash(over.token_hash) is None
        assert await stored.one_time_tokens.by_token_hash(alive.token_hash) == alive
