"""What every store of kept responses does."""

from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.errors import WriteConflict
from bukhindor.domain.repetition import KeptResponse, RepeatableRequest
from bukhindor.ports.store.full import FullStore
from tests.makers import T0

MINUTE = timedelta(minutes=1)
FIRST = RepeatableRequest(b"1" * 32, b"b" * 32, "network 192.0.2.1", has_key=True)
OTHER_BODY = RepeatableRequest(FIRST.id, b"c" * 32, FIRST.place, has_key=True)


async def of(transactions: FullStore, request: RepeatableRequest) -> KeptResponse | None:
    async with transactions.read() as stored:
        return await stored.kept_responses.of(request)


async def test_a_request_is_reserved_once_and_its_response_opens_for_its_body(transactions: FullStore) -> None:
    assert await of(transactions, FIRST) is None
    async with transactions.begin() as tx:
        await tx.kept_responses.reserve(FIRST, T0, T0 + MINUTE)
        await tx.commit()
    assert await of(transactions, FIRST) == KeptResponse(None, False, 0, T0 + MINUTE)
    with pytest.raises(WriteConflict):
        async with transactions.begin() as tx:
            await tx.kept_responses.reserve(OTHER_BODY, T0, T0 + MINUTE)
    async with transactions.begin() as tx:
        await tx.kept_responses.keep(FIRST, b"created", None, T0 + 5 * MINUTE)
        await tx.kept_responses.count_other_body(OTHER_BODY)
        await tx.commit()
    assert await of(transactions, FIRST) == KeptResponse(b"created", True, 1, T0 + 5 * MINUTE)
    assert await of(transactions, OTHER_BODY) == KeptResponse(None, True, 1, T0 + 5 * MINUTE)
    async with transactions.begin() as tx:
        await tx.kept_responses.remove(OTHER_BODY)
        await tx.commit()
    assert await of(transactions, FIRST) is None


async def test_what_is_forgotten(transactions: FullStore) -> None:
    """By account, by number in one place, and by age."""
    owner = uuid4()
    requests = [RepeatableRequest(bytes([n]) * 32, b"b" * 32, f"user {n // 4}", has_key=True) for n in range(8)]
    async with transactions.begin() as tx:
        for n, request in enumerate(requests):
            await tx.kept_responses.reserve(request, T0 + n * MINUTE, T0 + (10 + n) * MINUTE)
        await tx.kept_responses.keep(requests[7], b"x", owner, T0 + 17 * MINUTE)
        await tx.commit()
    async with transactions.begin() as tx:
        await tx.kept_responses.remove_beyond("user 0", 3)
        await tx.kept_responses.remove_of_user(owner)
        assert await tx.kept_responses.remove_expired(T0 + 12 * MINUTE) == 2
        assert await tx.kept_responses.remove_expired(T0 + 12 * MINUTE) == 0
        await tx.commit()
    left = [n for n, request in enumerate(requests) if await of(transactions, request) is not None]
    assert left == [3, 4, 5, 6]
