"""How every store of users lists them."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

from bukhindor.domain.user import Role, Status
from bukhindor.domain.user_listing import Order, SortBy, UserPage, UserQuery
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_user

LATER = T0 + timedelta(hours=1)

# Names, addresses and moments each sort differently, and two users share all but the id and the address.
ANN = make_user("z.ann@example.com", name="Ann_100%", id=UUID(int=5), created_at=T0, updated_at=LATER)
BOB = make_user("bob@example.com", name="bob\\", id=UUID(int=4), created_at=LATER, role=Role.ADMIN)
CYRIL = make_user("cyril@xn--e1afmkfd.xn--p1ai", name="Кирилл Ёлкин", id=UUID(int=3), role=Role.GUEST)
TWIN = make_user("a.twin@example.com", name="Кирилл Ёлкин", id=UUID(int=2), status=Status.INACTIVE)
BANNED = make_user(
    "zed@example.com", name="Zed", id=UUID(int=1), status=Status.BANNED, status_until=LATER, created_at=LATER
)
ALL = (ANN, BOB, CYRIL, TWIN, BANNED)


@pytest.fixture
async def stored(transactions: FullStore) -> FullStore:
    await keep(transactions, *ALL)
    return transactions


async def page(store: FullStore, query: UserQuery) -> UserPage:
    async with store.scan() as stored:
        return await stored.user_listing.page(query, T0)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (SortBy.CREATED_AT, (TWIN, CYRIL, ANN, BANNED, BOB)),
        (SortBy.UPDATED_AT, (BANNED, TWIN, CYRIL, BOB, ANN)),
        (SortBy.EMAIL, (TWIN, BOB, CYRIL, ANN, BANNED)),
        (SortBy.NAME, (ANN, BOB, BANNED, TWIN, CYRIL)),
    ],
)
async def test_users_come_in_the_order_asked_for(
    stored: FullStore, sort: SortBy, ascending: tuple[object, ...]
) -> None:
    assert (await page(stored, UserQuery(sort=sort, order=Order.ASC))).users == ascending
    assert (await page(stored, UserQuery(sort=sort, order=Order.DESC))).users == ascending[::-1]


async def test_an_address_finds_its_user_alone(stored: FullStore) -> None:
    assert await page(stored, UserQuery(email=BOB.email)) == UserPage((BOB,), 1, None)
    assert await page(stored, UserQuery(email=BOB.email, role=Role.USER)) == UserPage((), 0, None)


@pytest.mark.parametrize(("sort", "order", "limit"), list(product(SortBy, Order, [1, 2, 5])))
async def test_positions_and_pages_lead_through_all_users_once(
    stored: FullStore, sort: SortBy, order: Order, limit: int
) -> None:
    whole = (await page(stored, UserQuery(sort=sort, order=order))).users
    by_position, by_number = list[object](), list[object]()
    after, number = None, 0
    while number == 0 or after is not None:
        number += 1
        answer = await page(stored, UserQuery(sort=sort, order=order, limit=limit, after=after))
        by_position += answer.users
        after = answer.next
        assert answer.total == len(ALL)
        answer = await page(stored, UserQuery(sort=sort, order=order, limit=limit, page=number))
        by_number += answer.users
        assert answer.next == after
    assert tuple(by_position) == tuple(by_number) == whole


async def test_a_position_wins_over_a_page(stored: FullStore) -> None:
    first = await page(stored, UserQuery(limit=2))
    assert await page(stored, UserQuery(limit=2, page=7, after=first.next)) == await page(
        stored, UserQuery(limit=2, page=2)
    )


async def test_a_page_past_the_end_is_empty_and_knows_the_total(stored: FullStore) -> None:
    assert await page(stored, UserQuery(page=1_000_000, limit=100)) == UserPage((), len(ALL), None)


async def test_a_position_is_good_after_its_user_has_gone(stored: FullStore) -> None:
    first = await page(stored, UserQuery(sort=SortBy.EMAIL, order=Order.ASC, limit=2))
    async with stored.begin() as tx:
        await tx.users.remove(first.users[-1].id)
        await tx.commit()
    rest = await page(stored, UserQuery(sort=SortBy.EMAIL, order=Order.ASC, after=first.next))
    assert rest == UserPage((CYRIL, ANN, BANNED), 4, None)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ann", {ANN}),
        ("ANN", {ANN}),
        ("example.com", {ANN, BOB, TWIN, BANNED}),
        ("кирилл", {CYRIL, TWIN}),
        ("ЁЛКИН", {CYRIL, TWIN}),
        ("елкин", {CYRIL, TWIN}),
        ("кирилл  ёлкин", {CYRIL, TWIN}),
        ("кирилл\u00a0ёлкин", {CYRIL, TWIN}),
        ("ПРИМЕР.РФ", {CYRIL}),
        ("xn--e1afmkfd", {CYRIL}),
        ("e\u0308", set()),
        ("Е\u0308лкин", {CYRIL, TWIN}),
        ("ｂｏｂ", {BOB}),
        ("%", {ANN}),
        ("_", {ANN}),
        ("_100%", {ANN}),
        ("\\", {BOB}),
        ("Ann_100% z.ann", set()),
        ("' OR 1=1 --", set()),
        ("a%e", set()),
    ],
)
async def test_a_search_finds_parts_of_names_and_addresses(stored: FullStore, search: str, found: set[object]) -> None:
    answer = await page(stored, UserQuery(search=search))
    assert set(answer.users) == found
    assert answer.total == len(found)


async def test_a_search_follows_a_changed_name(stored: FullStore) -> None:
    renamed = make_user(BOB.email, name="Роберт", id=BOB.id, created_at=BOB.created_at)
    async with stored.begin() as tx:
        await tx.users.save(renamed)
        await tx.commit()
    assert (await page(stored, UserQuery(search="роБЕРТ"))).users == (renamed,)
    assert (await page(stored, UserQuery(search="bob\\"))).users == ()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (UserQuery(role=Role.ADMIN), {BOB}),
        (UserQuery(role=Role.GUEST), {CYRIL}),
        (UserQuery(status=Status.ACTIVE), {ANN, BOB, CYRIL}),
        (UserQuery(status=Status.INACTIVE), {TWIN}),
        (UserQuery(status=Status.BANNED), {BANNED}),
        (UserQuery(role=Role.USER, status=Status.ACTIVE, search="example"), {ANN}),
        (UserQuery(role=Role.ADMIN, status=Status.BANNED), set()),
    ],
)
async def test_filters_narrow_the_list_and_the_total(stored: FullStore, query: UserQuery, found: set[object]) -> None:
    answer = await page(stored, query)
    assert set(answer.users) == found
    assert answer.total == len(found)


async def test_a_status_that_has_ended_counts_as_active(stored: FullStore) -> None:
    async with stored.scan() as scan:
        assert (await scan.user_listing.page(UserQuery(status=Status.BANNED), LATER)).users == ()
        assert BANNED in (await scan.user_listing.page(UserQuery(status=Status.ACTIVE), LATER)).users


async def test_names_sort_alphabetically_and_alike_on_every_database(transactions: FullStore) -> None:
    names = [
        "Émile",
        "emma",
        "Zoë",
        "O’Brien",
        "obelix",
        "Абай",
        "Әлия",
        "Борис",
        "Егор",
        "ёлка",
        "Жан",
        "Иван",
        "Йод",
        "Қанат",
    ]
    for number, name in enumerate(reversed(names)):
        await keep(transactions, make_user(f"u{number}@example.com", name=name))
    sorted_names = ["Émile", "emma", "obelix", "O’Brien", "Zoë", *names[5:]]
    query = UserQuery(sort=SortBy.NAME, order=Order.ASC, limit=1)
    seen = []
    while True:
        found = await page(transactions, query)
        seen += [user.name for user in found.users]
        if found.next is None:
            break
        query = replace(query, after=found.next)
    assert seen == sorted_names


async def test_no_way_of_typing_hides_an_account(transactions: FullStore) -> None:
    people = {
        "Ali Yılmaz": ("ALİ YILMAZ", "ali yilmaz", "alı"),
        "Anna  Maria": ("anna maria", "anna   maria"),
        "D’Artagnan": ("d'artagnan", "DʼARTAGNAN", "d`artagnan"),
        "Anne–Marie": ("anne-marie",),
        "Straße": ("STRASSE", "straße"),
        "Soft\u200chyphen": ("softhyphen",),
    }
    for number, name in enumerate(people):
        await keep(transactions, make_user(f"u{number}@example.com", name=name))
    for name, searches in people.items():
        for search in searches:
            found = await page(transactions, UserQuery(search=search))
            assert [user.name for user in found.users] == [name], search
