"""What every store of users does."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.metadata import Metadata
from bukhindor.domain.user import Role, Status, User
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, address, make_session, make_user

FULL = make_user(
    "ann@example.com",
    name="Анна О'Нил 🙂",
    role=Role.ADMIN,
    status=Status.BANNED,
    status_reason="spam; DROP TABLE users --",
    status_until=T0 + timedelta(days=1, microseconds=1),
    email_verified=True,
    password_hash="$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
    updated_at=T0 + timedelta(seconds=1),
    last_login_at=T0 + timedelta(hours=2),
    failed_sign_ins=99,
    language=LanguageTag("zh-Hant-TW"),
    metadata=Metadata('{"тема":"тёмная 🙂","' + "x" * 4000 + '":null}'),
    app_metadata=Metadata('{"plan":"pro","seats":[1,2.5,-0.0,12345678901234567890123]}'),
)
BARE = make_user("bare@example.com", password_hash=None)


@pytest.mark.parametrize("user", [FULL, BARE])
async def test_a_user_comes_back_as_it_was_kept(transactions: FullStore, user: User) -> None:
    await keep(transactions, user)
    async with transactions.read() as stored:
        assert await stored.users.by_id(user.id) == user
        assert await stored.users.by_email(user.email) == user


async def test_a_stranger_is_none(transactions: FullStore) -> None:
    await keep(transactions, make_user("ann@example.com"))
    async with transactions.read() as stored:
        assert await stored.users.by_id(uuid4()) is None
        assert await stored.users.by_email(address("bob@example.com")) is None


async def test_an_address_is_found_in_every_spelling(transactions: FullStore) -> None:
    user = make_user("Ann@Example.COM")
    await keep(transactions, user)
    async with transactions.read() as stored:
        assert await stored.users.by_email(address(" aNN@exAMPLE.com")) == user


async def test_a_second_account_with_one_address_is_refused(transactions: FullStore) -> None:
    first, second = make_user("ann@example.com"), make_user("ANN@example.com")
    await keep(transactions, first)
    with pytest.raises(EmailTaken):
        await keep(transactions, second)
    async with transactions.read() as stored:
        assert await stored.users.by_id(second.id) is None
        assert await stored.users.by_email(address("ann@example.com")) == first


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_refused_address_leaves_nothing_of_the_transaction(transactions: FullStore, is_new: bool) -> None:
    ann, bob = make_user("ann@example.com"), make_user("bob@example.com")
    await keep(transactions, ann)
    async with transactions.begin() as tx:
        await tx.users.add(bob)
        with pytest.raises(EmailTaken):
            await (
                tx.users.add(make_user("ann@example.com")) if is_new else tx.users.save(replace(bob, email=ann.email))
            )
    async with transactions.read() as stored:
        assert await stored.users.by_id(bob.id) is None
        assert await stored.users.by_email(ann.email) == ann


async def test_all_of_a_user_is_saved_but_its_beginning(transactions: FullStore) -> None:
    user, other = make_user("ann@example.com"), make_user("bob@example.com")
    await keep(transactions, user, other)
    changed = replace(FULL, id=user.id, created_at=user.created_at, email=address("new@example.com"))
    async with transactions.begin() as tx:
        await tx.users.save(changed)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.users.by_id(user.id) == changed
        assert await stored.users.by_email(address("new@example.com")) == changed
        assert await stored.users.by_email(address("ann@example.com")) is None
        assert await stored.users.by_id(other.id) == other


async def test_saving_with_the_address_of_another_is_refused(transactions: FullStore) -> None:
    ann, bob = make_user("ann@example.com"), make_user("bob@example.com")
    await keep(transactions, ann, bob)
    async with transactions.begin() as tx:
        with pytest.raises(EmailTaken):
            await tx.users.save(replace(bob, email=ann.email))
    async with transactions.read() as stored:
        assert await stored.users.by_id(bob.id) == bob


async def test_saving_a_deleted_user_does_not_bring_it_back(transactions: FullStore) -> None:
    ghost = make_user()
    async with transactions.begin() as tx:
        await tx.users.save(ghost)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.users.by_id(ghost.id) is None


async def test_a_second_user_with_one_id_is_a_mistake_of_the_program(transactions: FullStore) -> None:
    user = make_user()
    await keep(transactions, user)
    with pytest.raises(Exception, match=r"a user .* already|UNIQUE constraint failed: users.id|pk_users"):
        await keep(transactions, make_user("other@example.com", id=user.id))
    async with transactions.read() as stored:
        assert await stored.users.by_id(user.id) == user


async def test_removing_a_user_ends_its_sessions_and_no_others(transactions: FullStore) -> None:
    ann, bob = make_user(), make_user()
    ended, kept = make_session(ann), make_session(bob)
    await keep(transactions, ann, bob, ended, kept)
    async with transactions.begin() as tx:
        assert await tx.users.remove(ann.id) is True
        assert await tx.users.remove(ann.id) is False
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.users.by_id(ann.id) is None
        assert await stored.sessions.by_id(ended.id) is None
        assert await stored.sessions.with_user(kept.id) == (kept, bob)


async def test_only_administrators_who_may_act_now_are_counted(transactions: FullStore) -> None:
    later, earlier = T0 + timedelta(minutes=1), T0 - timedelta(minutes=1)
    await keep(
        transactions,
        make_user(role=Role.ADMIN),
        make_user(role=Role.ADMIN, status=Status.BANNED, status_until=earlier),
        make_user(role=Role.ADMIN, status=Status.BANNED, status_until=T0),
        make_user(role=Role.ADMIN, status=Status.BANNED, status_until=later),
        make_user(role=Role.ADMIN, status=Status.INACTIVE),
        make_user(role=Role.USER),
        make_user(role=Role.GUEST),
    )
    async with transactions.read() as stored:
        assert await stored.users.count_active_admins(T0) == 3
        assert await stored.users.count_active_admins(later) == 4
