"""How guests who have not come back are found."""

from dataclasses import replace
from datetime import timedelta

from bukhindor.adapters.sql.repositories.guests import REMOVED_AT_ONCE
from bukhindor.domain.user import User
from bukhindor.ports.store.full import FullStore
from tests.makers import T0, address, make_guest, make_session, make_user

DAY = timedelta(days=1)


async def add(store: FullStore, *users: User) -> None:
    async with store.begin() as tx:
        for user in users:
            await tx.users.add(user)
        await tx.commit()


async def test_those_unseen_for_longest_come_first_and_people_never(transactions: FullStore) -> None:
    old, older, new = (make_guest(guest_seen_at=T0 - days * DAY) for days in (30, 31, 29))
    await add(transactions, old, older, new, make_user(created_at=T0 - 400 * DAY))
    async with transactions.begin() as tx:
        assert await tx.guests.unseen_since(T0 - 30 * DAY) == [(older, None), (old, None)]


async def test_the_last_use_of_any_session_comes_with_a_guest(transactions: FullStore) -> None:
    guest, other = make_guest(), make_guest(guest_seen_at=T0 + DAY)
    await add(transactions, guest, other)
    async with transactions.begin() as tx:
        await tx.sessions.add(make_session(guest, last_seen_at=T0 + 3 * DAY))
        await tx.sessions.add(make_session(guest, last_seen_at=T0 + 2 * DAY))
        await tx.sessions.add(make_session(other, last_seen_at=T0 + 9 * DAY))
        await tx.commit()
    async with transactions.begin() as tx:
        assert await tx.guests.unseen_since(T0) == [(guest, T0 + 3 * DAY)]


async def test_a_noted_use_puts_a_guest_off(transactions: FullStore) -> None:
    guest = make_guest()
    await add(transactions, guest)
    async with transactions.begin() as tx:
        await tx.guests.note_seen(guest.id, T0 + DAY)
        await tx.commit()
    async with transactions.begin() as tx:
        assert await tx.guests.unseen_since(T0) == []
        assert await tx.users.by_id(guest.id) == replace(guest, guest_seen_at=T0 + DAY)


async def test_an_account_that_is_a_guest_no_longer_is_not_found_again(transactions: FullStore) -> None:
    """An earlier release, which knows no guests, may have given it an address."""
    person = replace(make_guest(), email=address("ann@example.com"))
    await add(transactions, person)
    async with transactions.begin() as tx:
        assert await tx.guests.unseen_since(T0) == [(person, None)]
        await tx.guests.note_seen(person.id, None)
        assert await tx.guests.unseen_since(T0) == []
        await tx.commit()


async def test_a_guest_who_became_a_person_is_not_found(transactions: FullStore) -> None:
    guest = make_guest()
    await add(transactions, guest)
    async with transactions.begin() as tx:
        await tx.users.save(guest.with_proven_email(address("ann@example.com"), T0))
        await tx.commit()
    async with transactions.begin() as tx:
        assert await tx.guests.unseen_since(T0 + DAY) == []


async def test_of_many_guests_some_come_at_once(transactions: FullStore) -> None:
    await add(transactions, *(make_guest(guest_seen_at=T0 - number * DAY) for number in range(REMOVED_AT_ONCE + 1)))
    async with transactions.begin() as tx:
        found = await tx.guests.unseen_since(T0)
    assert [user.guest_seen_at for user, _ in found] == [T0 - number * DAY for number in range(REMOVED_AT_ONCE, 0, -1)]
