"""What every outbox does."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from bukhindor.domain.mail import Backlog, QueuedMail
from bukhindor.domain.origin import Cause
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_mail, make_queued_mail, make_user

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


async def claim(store: FullStore, now: datetime, at_most: int = 10) -> list[QueuedMail]:
    async with store.begin() as tx:
        claimed = await tx.outbox.claim(now, now + MINUTE, at_most)
        await tx.commit()
    return claimed


async def has_due(store: FullStore, now: datetime) -> bool:
    async with store.read() as stored:
        return await stored.outbox.has_due(now)


async def test_a_mail_comes_out_as_it_was_put_in(transactions: FullStore) -> None:
    mail = make_mail(subject="Сброс пароля", text="Здравствуйте 👍\n\n1234", html="<p>«да»</p>", codes=("1", "2"))
    queued = make_queued_mail(mail, user_id=uuid4(), cause=Cause("request-1", f"00-{'a' * 32}-{'b' * 16}-01"))
    await keep(transactions, queued)
    assert await claim(transactions, T0) == [replace(queued, tries=1, due_at=T0 + MINUTE)]


async def test_a_mail_waits_until_it_is_due(transactions: FullStore) -> None:
    await keep(transactions, make_queued_mail(due_at=T0 + MINUTE))
    assert not await has_due(transactions, T0 + MINUTE - MOMENT)
    assert await claim(transactions, T0 + MINUTE - MOMENT) == []
    assert await has_due(transactions, T0 + MINUTE)
    assert len(await claim(transactions, T0 + MINUTE)) == 1


async def test_the_oldest_come_first_and_no_more_than_asked_for(transactions: FullStore) -> None:
    mails = [make_queued_mail(created_at=T0 + n * MOMENT) for n in (2, 0, 1)]
    await keep(transactions, *mails)
    now = T0 + MINUTE
    assert [queued.id for queued in await claim(transactions, now, 2)] == [mails[1].id, mails[2].id]
    assert [queued.id for queued in await claim(transactions, now, 2)] == [mails[0].id]
    assert not await has_due(transactions, now)


async def test_a_claimed_mail_comes_back_when_its_lease_ends(transactions: FullStore) -> None:
    """ML-03: the worker that had it may have died."""
    await keep(transactions, queued := make_queued_mail())
    (first,) = await claim(transactions, T0)
    assert await claim(transactions, T0 + MINUTE - MOMENT) == []
    (second,) = await claim(transactions, T0 + MINUTE)
    assert (first.id, first.tries, second.id, second.tries) == (queued.id, 1, queued.id, 2)


async def test_two_that_claim_at_once_never_get_the_same_mail(transactions: FullStore) -> None:
    await keep(transactions, *(make_queued_mail() for _ in range(40)))
    batches = await asyncio.gather(*(claim(transactions, T0, 3) for _ in range(20)))
    seen = Counter(queued.id for batch in batches for queued in batch)
    assert len(seen) == 40
    assert set(seen.values()) == {1}


async def test_a_claim_that_is_not_committed_is_none(transactions: FullStore) -> None:
    await keep(transactions, make_queued_mail())
    async with transactions.begin() as tx:
        assert len(await tx.outbox.claim(T0, T0 + MINUTE, 10)) == 1
    (claimed,) = await claim(transactions, T0)
    assert claimed.tries == 1


async def test_a_mail_that_failed_waits_and_is_retried(transactions: FullStore) -> None:
    await keep(transactions, make_queued_mail())
    (claimed,) = await claim(transactions, T0)
    async with transactions.begin() as tx:
        await tx.outbox.save(claimed.after_failure(T0, permanent=False))
        await tx.commit()
    pause = timedelta(seconds=30)
    assert not await has_due(transactions, T0 + pause - MOMENT)
    (again,) = await claim(transactions, T0 + pause)
    assert again.tries == 2


async def test_a_mail_that_was_given_up_is_never_due(transactions: FullStore) -> None:
    await keep(transactions, make_queued_mail())
    (claimed,) = await claim(transactions, T0)
    async with transactions.begin() as tx:
        await tx.outbox.save(claimed.after_failure(T0, permanent=True))
        await tx.commit()
    assert not await has_due(transactions, T0 + timedelta(days=365))
    assert await claim(transactions, T0 + timedelta(days=365)) == []


async def test_mails_that_were_given_up_are_forgotten_after_a_while(transactions: FullStore) -> None:
    failed, waiting = make_queued_mail(failed_at=T0), make_queued_mail()
    await keep(transactions, failed, waiting)
    async with transactions.begin() as tx:
        assert await tx.outbox.remove_failed(T0) == 0
        assert await tx.outbox.remove_failed(T0 + MOMENT) == 1
        assert await tx.outbox.remove_failed(T0 + MOMENT) == 0
        await tx.commit()
    assert [queued.id for queued in await claim(transactions, T0)] == [waiting.id]


async def test_a_delivered_mail_is_forgotten(transactions: FullStore) -> None:
    delivered, waiting = make_queued_mail(), make_queued_mail()
    await keep(transactions, delivered, waiting)
    async with transactions.begin() as tx:
        await tx.outbox.remove(delivered.id)
        await tx.outbox.remove(delivered.id)
        await tx.outbox.save(replace(delivered, tries=1))
        await tx.commit()
    assert [queued.id for queued in await claim(transactions, T0)] == [waiting.id]


async def test_a_mail_outlives_the_user_it_is_about(transactions: FullStore) -> None:
    user = make_user()
    await keep(transactions, user, queued := make_queued_mail(user_id=user.id))
    async with transactions.begin() as tx:
        await tx.users.remove(user.id)
        await tx.commit()
    assert [kept.id for kept in await claim(transactions, T0)] == [queued.id]


async def test_the_mails_of_one_user_are_forgotten(transactions: FullStore) -> None:
    user_id = uuid4()
    mine = [make_queued_mail(user_id=user_id) for _ in range(2)]
    others = [make_queued_mail(user_id=uuid4()), make_queued_mail()]
    await keep(transactions, *mine, *others)
    async with transactions.begin() as tx:
        assert await tx.outbox.remove_of_user(user_id) == 2
        assert await tx.outbox.remove_of_user(user_id) == 0
        await tx.commit()
    assert {queued.id for queued in await claim(transactions, T0)} == {queued.id for queued in others}


async def test_a_mail_of_a_transaction_that_was_undone_is_never_sent(transactions: FullStore) -> None:
    async with transactions.begin() as tx:
        await tx.outbox.add(make_queued_mail())
    assert not await has_due(transactions, T0)


async def test_the_backlog_tells_what_waits_what_failed_and_for_how_long(transactions: FullStore) -> None:
    async with transactions.scan() as stored:
        assert await stored.outbox.backlog(T0) == Backlog(0, 0, timedelta())
    later, sooner = make_queued_mail(due_at=T0 + 2 * MINUTE), make_queued_mail(due_at=T0 + MINUTE)
    failed = make_queued_mail(due_at=T0 - MINUTE, failed_at=T0)
    await keep(transactions, later, sooner, failed)
    async with transactions.scan() as stored:
        assert await stored.outbox.backlog(T0) == Backlog(2, 1, timedelta())
        assert await stored.outbox.backlog(T0 + 4 * MINUTE) == Backlog(2, 1, 3 * MINUTE)


async def test_a_lease_is_renewed_by_its_worker_only(transactions: FullStore) -> None:
    await keep(transactions, make_queued_mail())
    (claimed,) = await claim(transactions, T0)
    async with transactions.begin() as tx:
        assert await tx.outbox.renew(claimed, T0 + 2 * MINUTE)
        assert not await tx.outbox.renew(claimed, T0 + 3 * MINUTE)
        await tx.commit()
    assert await claim(transactions, T0 + 2 * MINUTE - MOMENT) == []
    (taken_over,) = await claim(transactions, T0 + 2 * MINUTE)
    async with transactions.begin() as tx:
        assert not await tx.outbox.renew(replace(claimed, due_at=taken_over.due_at), T0 + 4 * MINUTE)
        # Neither does the first worker decide what becomes of it.
        await tx.outbox.save(claimed.after_failure(T0, permanent=True))
        assert await tx.outbox.find(claimed.id) == taken_over
        await tx.outbox.save(taken_over.after_failure(T0, permanent=True))
        assert not await tx.outbox.renew(taken_over, T0 + 4 * MINUTE)
        await tx.outbox.remove(claimed.id)
        assert not await tx.outbox.renew(taken_over, T0 + 4 * MINUTE)
        assert await tx.outbox.find(claimed.id) is None


async def test_mails_are_listed_the_oldest_first(transactions: FullStore) -> None:
    mails = [make_queued_mail(created_at=T0 + n * MOMENT) for n in (2, 0, 1)]
    mails[0] = replace(mails[0], failed_at=T0)
    await keep(transactions, *mails)
    async with transactions.scan() as stored:
        assert await stored.outbox.oldest(9) == [mails[1], mails[2], mails[0]]
        assert await stored.outbox.oldest(1) == [mails[1]]


async def test_a_mail_that_was_given_up_starts_again(transactions: FullStore) -> None:
    failed = make_queued_mail(failed_at=T0 - MINUTE, tries=5)
    pausing, leased = make_queued_mail(due_at=T0 + 10 * MINUTE, tries=4), make_queued_mail(due_at=T0 + MINUTE, tries=1)
    await keep(transactions, failed, pausing, leased)
    async with transactions.begin() as tx:
        retried = [await tx.outbox.retry(each.id, T0, T0 + 2 * MINUTE) for each in (failed, pausing, leased)]
        assert retried == [True, True, False]
        assert not await tx.outbox.retry(uuid4(), T0, T0)
        await tx.commit()
    assert {queued.id: queued.tries for queued in await claim(transactions, T0)} == {failed.id: 1, pausing.id: 1}


async def test_all_that_were_given_up_start_again(transactions: FullStore) -> None:
    failed = [make_queued_mail(failed_at=T0, tries=5) for _ in range(2)]
    await keep(transactions, *failed, waiting := make_queued_mail(due_at=T0 + MINUTE, tries=1))
    async with transactions.begin() as tx:
        assert await tx.outbox.retry_failed(T0) == 2
        assert await tx.outbox.retry_failed(T0) == 0
        await tx.commit()
    assert {queued.id for queued in await claim(transactions, T0)} == {each.id for each in failed}
    async with transactions.read() as stored:
        assert await stored.outbox.find(waiting.id) == waiting
