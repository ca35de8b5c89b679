"""What every store of linked identities does."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.errors import IdentityTaken, InvalidIdToken, WriteConflict
from bukhindor.domain.identity import Identity, ProviderGrant
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, address, make_identity, make_session, make_user

ANN, BOB = make_user(), make_user()
GOOGLE = make_identity(ANN, subject="ann", last_used_at=T0 + timedelta(microseconds=1))
APPLE = make_identity(
    ANN,
    provider="apple",
    issuer="https://appleid.apple.com",
    subject="ann",
    email=address("x1@privaterelay.appleid.com"),
    is_private_email=True,
    created_at=T0 + timedelta(1),
    grant=ProviderGrant("com.example.app", "a refresh token"),
)
BARE = make_identity(BOB, email=None, is_email_verified=False)


async def found(transactions: FullStore, identity: Identity) -> Identity | None:
    async with transactions.read() as stored:
        return await stored.identities.by_subject(identity.issuer, identity.subject)


async def test_an_identity_comes_back_as_it_was_kept(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, GOOGLE, APPLE, BARE)
    for identity in (GOOGLE, APPLE, BARE):
        assert await found(transactions, identity) == identity
    assert await found(transactions, replace(GOOGLE, subject="Ann")) is None
    async with transactions.read() as stored:
        assert await stored.identities.of_user(ANN.id) == [GOOGLE, APPLE]
        assert await stored.identities.of_user(uuid4()) == []


async def test_an_identity_belongs_to_one_account(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, GOOGLE)
    with pytest.raises(IdentityTaken):
        await keep(transactions, make_identity(BOB, subject="ann"))
    async with transactions.read() as stored:
        assert await stored.identities.of_user(BOB.id) == []


async def test_a_use_is_kept_and_nothing_else_changes(transactions: FullStore) -> None:
    await keep(transactions, ANN, GOOGLE)
    used = replace(
        GOOGLE,
        email=address("new@example.com"),
        is_email_verified=False,
        is_private_email=True,
        last_used_at=T0,
        grant=ProviderGrant("web", "another"),
    )
    async with transactions.begin() as tx:
        await tx.identities.save(replace(used, provider="other", created_at=T0 - timedelta(1)))
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.identities.of_user(ANN.id) == [used]


async def test_a_use_of_a_removed_identity_is_a_conflict(transactions: FullStore) -> None:
    await keep(transactions, ANN, GOOGLE)
    async with transactions.begin() as tx:
        await tx.identities.remove(GOOGLE.id)
        with pytest.raises(WriteConflict):
            await tx.identities.save(replace(GOOGLE, last_used_at=T0))
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.identities.of_user(ANN.id) == []


async def test_identities_are_removed_once_and_go_with_their_account(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, GOOGLE, APPLE, BARE)
    async with transactions.begin() as tx:
        assert await tx.identities.remove(GOOGLE.id)
        assert not await tx.identities.remove(GOOGLE.id)
        assert await tx.identities.remove_of_user(ANN.id) == 1
        assert await tx.identities.remove_of_user(ANN.id) == 0
        await tx.users.remove(BOB.id)
        await tx.commit()
    assert await found(transactions, BARE) is None


async def test_the_sessions_that_an_identity_started_are_known_until_they_end(transactions: FullStore) -> None:
    phone, tablet, other = make_session(ANN), make_session(ANN), make_session(ANN)
    await keep(transactions, ANN, GOOGLE, APPLE, phone, tablet, other)
    async with transactions.begin() as tx:
        await tx.identities.remember_session(GOOGLE.id, phone.id)
        await tx.identities.remember_session(GOOGLE.id, tablet.id)
        await tx.identities.remember_session(APPLE.id, other.id)
        await tx.sessions.remove(tablet.id)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.identities.sessions_of(GOOGLE.id) == [phone.id]
        assert await stored.identities.sessions_of(uuid4()) == []


async def test_an_id_token_is_used_once(transactions: FullStore) -> None:
    async with transactions.begin() as tx:
        await tx.identities.use_up(b"1" * 32, T0)
        await tx.identities.use_up(b"2" * 32, T0 + timedelta(minutes=1))
        await tx.commit()
    with pytest.raises(InvalidIdToken):
        async with transactions.begin() as tx:
            await tx.identities.use_up(b"1" * 32, T0)
    async with transactions.begin() as tx:
        assert await tx.identities.remove_expired_tokens(T0) == 1
        assert await tx.identities.remove_expired_tokens(T0) == 0
        await tx.identities.use_up(b"1" * 32, T0)
        await tx.commit()


async def test_a_stopped_address_is_forgotten_once_no_account_has_it(transactions: FullStore) -> None:
    relay = address("x1@privaterelay.appleid.com")
    user = make_user(relay)
    await keep(transactions, user)
    async with transactions.begin() as tx:
        await tx.identities.stop_mails(relay)
        assert await tx.identities.forget_stops() == 0
        assert await tx.identities.mails_are_stopped(relay)
        await tx.users.remove(user.id)
        assert await tx.identities.forget_stops() == 1
        assert await tx.identities.forget_stops() == 0
        assert not await tx.identities.mails_are_stopped(relay)
        await tx.commit()


async def test_mails_to_an_address_stop_and_resume(transactions: FullStore) -> None:
    relay, other = address("x1@privaterelay.appleid.com"), address("x2@privaterelay.appleid.com")
    async with transactions.begin() as tx:
        assert not await tx.identities.mails_are_stopped(relay)
        await tx.identities.stop_mails(relay)
        await tx.identities.stop_mails(relay)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.identities.mails_are_stopped(relay)
        assert not await stored.identities.mails_are_stopped(other)
    async with transactions.begin() as tx:
        await tx.identities.resume_mails(relay)
        await tx.identities.resume_mails(relay)
        assert not await tx.identities.mails_are_stopped(relay)
        await tx.commit()
