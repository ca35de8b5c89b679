"""How every store commits, rolls back and keeps use cases apart."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from uuid import UUID

import pytest

from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.user import User
from bukhindor.ports.store.full import FullStore, FullTransaction
from tests.adapters.keeping import keep
from tests.makers import T0, make_session, make_user

pytestmark = pytest.mark.parametrize("open_store", ["fake", "sqlite", "postgres", "traced"], indirect=True)


class Changed(Exception):
    """A use case that changes its mind."""


async def add_and_change_mind(store: FullStore, user: User, *, after_commit: bool = False) -> None:
    async with store.begin() as tx:
        await tx.users.add(user)
        await asyncio.sleep(0)
        if after_commit:
            await tx.commit()
        raise Changed


async def is_kept(store: FullStore, user_id: UUID) -> bool:
    async with store.read() as stored:
        return await stored.users.by_id(user_id) is not None


async def test_uncommitted_changes_are_invisible(transactions: FullStore) -> None:
    user = make_user()
    async with transactions.begin() as tx:
        await tx.users.add(user)
        assert await tx.users.by_id(user.id) == user
        assert not await is_kept(transactions, user.id)
        async with transactions.scan() as stored:
            assert await stored.users.by_id(user.id) is None
        await tx.commit()
        assert await is_kept(transactions, user.id)
    async with transactions.scan() as stored:
        assert await stored.users.by_id(user.id) == user


async def test_leaving_without_commit_undoes_everything(transactions: FullStore) -> None:
    ann, bob = make_user(), make_user()
    session = make_session(ann)
    await keep(transactions, ann, session)
    async with transactions.begin() as tx:
        await tx.users.remove(ann.id)
        await tx.users.add(bob)
    assert not await is_kept(transactions, bob.id)
    async with transactions.read() as stored:
        assert await stored.sessions.with_user(session.id) == (session, ann)


async def test_an_error_undoes_everything_and_goes_on_its_way(transactions: FullStore) -> None:
    user = make_user()
    with pytest.raises(Changed):
        await add_and_change_mind(transactions, user)
    assert not await is_kept(transactions, user.id)


async def test_an_error_after_the_commit_undoes_nothing(transactions: FullStore) -> None:
    user = make_user()
    with pytest.raises(Changed):
        await add_and_change_mind(transactions, user, after_commit=True)
    assert await is_kept(transactions, user.id)


async def look_and_return(store: FullStore, user: User) -> bool:
    async with store.begin() as tx:
        return await tx.users.by_id(user.id) is not None


async def look_and_refuse(store: FullStore, user: User) -> bool:
    try:
        async with store.begin() as tx:
            if await tx.users.by_id(user.id) is not None:
                raise EmailTaken
    except EmailTaken:
        return True
    return False


async def look_and_undo_a_change(store: FullStore, user: User) -> bool:
    async with store.begin() as tx:
        return await tx.users.remove(user.id)


@pytest.mark.parametrize("look", [look_and_return, look_and_refuse, look_and_undo_a_change])
async def test_what_was_read_is_safe_once_the_scope_is_left(
    transactions: FullStore, look: Callable[[FullStore, User], Awaitable[bool]]
) -> None:
    """REL-03: a response may rest on what another use case has written a moment ago."""
    user = make_user()

    async def look_until_it_is_there() -> None:
        seen = False
        while not seen:
            await asyncio.sleep(0)
            seen = await look(transactions, user)
        assert await is_kept(transactions, user.id)

    async def write() -> None:
        async with transactions.begin() as tx:
            await tx.users.add(user)
            # The others wait for their turn now, and may read the user before it is on the disk.
            await asyncio.sleep(0.01)
            await tx.commit()

    await asyncio.gather(write(), look_until_it_is_there(), look_until_it_is_there())


async def test_a_transaction_that_wrote_nothing_commits(transactions: FullStore) -> None:
    async with transactions.begin() as tx:
        assert await tx.users.count_active_admins(T0) == 0
        await tx.commit()


@pytest.mark.parametrize(
    "again",
    [
        lambda tx: tx.commit(),
        lambda tx: tx.users.by_id(UUID(int=1)),
        lambda tx: tx.users.add(make_user()),
    ],
    ids=["commit", "read", "write"],
)
async def test_a_transaction_ends_with_its_commit(
    transactions: FullStore, again: Callable[[FullTransaction], Awaitable[object]]
) -> None:
    user = make_user()
    async with transactions.begin() as tx:
        await tx.users.add(user)
        await tx.commit()
        with pytest.raises(RuntimeError):
            await _later(again, tx)
    assert await is_kept(transactions, user.id)


async def _later(act: Callable[[FullTransaction], Awaitable[object]], tx: FullTransaction) -> None:
    await act(tx)


async def test_nothing_is_written_outside_of_a_transaction(transactions: FullStore) -> None:
    user, other = make_user(), make_user()
    await keep(transactions, user)
    async with transactions.read() as stored:
        with pytest.raises(TypeError):
            await stored.users.add(other)
        with pytest.raises(TypeError):
            await stored.users.remove(user.id)
    async with transactions.scan() as stored:
        with pytest.raises(TypeError):
            await stored.users.add(other)
    assert await is_kept(transactions, user.id)
    assert not await is_kept(transactions, other.id)


async def test_each_read_sees_what_is_committed_by_then(transactions: FullStore) -> None:
    user = make_user()
    async with transactions.read() as stored:
        assert await stored.users.by_id(user.id) is None
        await keep(transactions, user)
        assert await stored.users.by_id(user.id) == user


async def test_two_hundred_use_cases_at_once_are_all_kept(transactions: FullStore) -> None:
    """REL-18: none is lost, none refused."""
    users = [make_user() for _ in range(200)]
    await asyncio.gather(*(keep(transactions, user) for user in users))
    for user in users:
        assert await is_kept(transactions, user.id)


async def test_what_a_use_case_has_read_does_not_change_under_it(transactions: FullStore) -> None:
    """RT-04: every one of a hundred increments sees the one before."""
    owner = make_user()
    session = make_session(owner, generation=1)
    await keep(transactions, owner, session)

    async def advance() -> None:
        async with transactions.begin() as tx:
            found = await tx.sessions.by_id(session.id)
            assert found is not None
            await asyncio.sleep(0)
            await tx.sessions.save(found.next_generation(T0))
            await tx.commit()

    await asyncio.gather(*(advance() for _ in range(100)))
    async with transactions.read() as stored:
        found = await stored.sessions.by_id(session.id)
    assert found is not None
    assert found.generation == 101


async def test_of_many_registrations_with_one_address_one_wins(transactions: FullStore) -> None:
    """REG-07: fifty at the same moment leave one account."""
    users = [make_user("ann@example.com") for _ in range(50)]
    answers = await asyncio.gather(*(keep(transactions, user) for user in users), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [EmailTaken] * 49
    async with transactions.read() as stored:
        assert await stored.users.by_email(users[0].email) == users[answers.index(None)]


async def test_a_use_case_that_fails_harms_no_other(transactions: FullStore) -> None:
    kept = [make_user() for _ in range(30)]
    dropped = [make_user() for _ in range(30)]

    pairs = zip(kept, dropped, strict=True)
    works = (work for yes, no in pairs for work in (add_and_change_mind(transactions, no), keep(transactions, yes)))
    answers = await asyncio.gather(*works, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Changed, type(None)] * 30
    assert [await is_kept(transactions, user.id) for user in kept] == [True] * 30
    assert [await is_kept(transactions, user.id) for user in dropped] == [False] * 30


@pytest.fixture
def tidied_up() -> Iterator[None]:
    """The driver forgets the time limits of a connection that was cancelled while it opened. The garbage collector logs
    that: here, and not during a test that checks the log.
    """
    yield
    gc.collect()


@pytest.mark.usefixtures("tidied_up")
async def test_cancelled_use_cases_leave_no_trace_and_stop_no_other(transactions: FullStore) -> None:
    """Cancelled while waiting, while working, and in the instant the turn comes."""
    working = asyncio.Event()

    async def work_for_ever(user: User) -> None:
        async with transactions.begin() as tx:
            await tx.users.add(user)
            working.set()
            await asyncio.Event().wait()

    first = make_user()
    holder = asyncio.create_task(work_for_ever(first))
    await working.wait()
    users = [make_user() for _ in range(9)]
    waiting = [asyncio.create_task(keep(transactions, user)) for user in users]
    await asyncio.sleep(0)
    for task in waiting[::3]:
        task.cancel()
    await asyncio.sleep(0)
    holder.cancel()
    await asyncio.sleep(0)
    waiting[1].cancel()
    answers = await asyncio.gather(holder, *waiting, return_exceptions=True)
    assert not await is_kept(transactions, first.id)
    for user, answer in zip(users, answers[1:], strict=True):
        if answer is None:
            assert await is_kept(transactions, user.id)
        else:
            assert isinstance(answer, asyncio.CancelledError)
    assert answers.count(None) >= 5
    late = make_user()
    await keep(transactions, late)
    assert await is_kept(transactions, late.id)


@pytest.mark.usefixtures("tidied_up")
@pytest.mark.parametrize("steps", range(12))
async def test_a_cancellation_at_any_step_is_all_or_nothing(transactions: FullStore, steps: int) -> None:
    """However far a use case came when its caller went away, others go on and it is whole or not at all."""
    owner = make_user()
    session = make_session(owner)
    task = asyncio.create_task(keep(transactions, owner, session))
    others = [make_user() for _ in range(3)]
    rest = [asyncio.create_task(keep(transactions, user)) for user in others]
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(*rest)
    with suppress(asyncio.CancelledError):
        await task
    # A server that received the commit before it lost its client may carry it out between any two of these looks.
    async with transactions.read() as stored:
        before = await stored.users.by_id(owner.id)
        both = await stored.sessions.with_user(session.id)
        after = await stored.users.by_id(owner.id)
    assert {before, after} <= {None, owner}
    assert both in (None, (session, owner))
    assert both is not None or before is None
    assert both is None or after is not None
    assert [await is_kept(transactions, user.id) for user in others] == [True] * 3


async def test_a_store_with_the_right_schema_is_ready(transactions: FullStore) -> None:
    assert await transactions.has_right_schema()
