"""What every store of passkeys does."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.errors import InvalidPasskey, PasskeyNotAccepted
from bukhindor.domain.passkey import Ceremony, Passkey, PasskeyChallenge
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_passkey, make_user

ANN, BOB = make_user(), make_user()
PHONE = make_passkey(ANN, name="Phone", last_used_at=T0 + timedelta(microseconds=1))
KEY = make_passkey(ANN, name="Key", transports=(), sign_count=2**32 - 1, is_synced=False, created_at=T0 + timedelta(1))
OTHER = make_passkey(BOB)
CHALLENGE = PasskeyChallenge("bkc_1", b"1" * 32, Ceremony.REQUEST, T0 + timedelta(minutes=5))


async def found(transactions: FullStore, passkey: Passkey) -> Passkey | None:
    async with transactions.read() as stored:
        return await stored.passkeys.by_credential_id(passkey.credential_id)


async def test_a_passkey_comes_back_as_it_was_kept(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE, KEY, OTHER)
    for passkey in (PHONE, KEY, OTHER):
        assert await found(transactions, passkey) == passkey
    assert await found(transactions, make_passkey(ANN)) is None


async def test_those_of_an_account_are_listed_the_oldest_first(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, KEY, OTHER, PHONE)
    async with transactions.read() as stored:
        assert await stored.passkeys.of_user(ANN.id) == [PHONE, KEY]
        assert await stored.passkeys.of_user(uuid4()) == []


async def test_a_credential_belongs_to_one_account(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE)
    with pytest.raises(PasskeyNotAccepted):
        await keep(transactions, make_passkey(BOB, credential_id=PHONE.credential_id))
    async with transactions.read() as stored:
        assert await stored.passkeys.of_user(BOB.id) == []


async def test_a_use_and_a_name_are_kept_and_nothing_else_changes(transactions: FullStore) -> None:
    await keep(transactions, ANN, PHONE)
    used = replace(PHONE, name="Tablet", sign_count=7, is_backed_up=True, last_used_at=T0)
    async with transactions.begin() as tx:
        await tx.passkeys.save(replace(used, public_key=b"another", is_synced=False, transports=()))
        await tx.passkeys.save(KEY)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.passkeys.of_user(ANN.id) == [used]


async def test_a_passkey_is_removed_once(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE, KEY, OTHER)
    async with transactions.begin() as tx:
        assert await tx.passkeys.remove(PHONE.id)
        assert not await tx.passkeys.remove(PHONE.id)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.passkeys.of_user(ANN.id) == [KEY]
    async with transactions.begin() as tx:
        assert await tx.passkeys.remove_of_user(ANN.id) == 1
        assert await tx.passkeys.remove_of_user(ANN.id) == 0
        await tx.commit()
    assert await found(transactions, OTHER) == OTHER


async def test_passkeys_go_with_their_account(transactions: FullStore) -> None:
    await keep(transactions, ANN, BOB, PHONE, OTHER)
    async with transactions.begin() as tx:
        await tx.users.remove(ANN.id)
        await tx.commit()
    assert await found(transactions, PHONE) is None
    assert await found(transactions, OTHER) == OTHER


async def test_a_challenge_is_used_up_once(transactions: FullStore) -> None:
    async with transactions.begin() as tx:
        await tx.passkeys.use_up(CHALLENGE)
        await tx.commit()
    with pytest.raises(InvalidPasskey):
        async with transactions.begin() as tx:
            await tx.passkeys.use_up(replace(CHALLENGE, id="bkc_2"))
    async with transactions.begin() as tx:
        await tx.passkeys.use_up(replace(CHALLENGE, value=b"2" * 32))
        await tx.commit()


async def test_a_challenge_that_was_not_committed_can_be_used(transactions: FullStore) -> None:
    async with transactions.begin() as tx:
        await tx.passkeys.use_up(CHALLENGE)
    async with transactions.begin() as tx:
        await tx.passkeys.use_up(CHALLENGE)
        await tx.commit()


async def test_used_challenges_are_forgotten_once_they_have_expired(transactions: FullStore) -> None:
    later = replace(CHALLENGE, value=b"2" * 32, expires_at=CHALLENGE.expires_at + timedelta(microseconds=1))
    async with transactions.begin() as tx:
        await tx.passkeys.use_up(CHALLENGE)
        await tx.passkeys.use_up(later)
        await tx.commit()
    async with transactions.begin() as tx:
        assert await tx.passkeys.remove_expired_challenges(CHALLENGE.expires_at) == 1
        assert await tx.passkeys.remove_expired_challenges(CHALLENGE.expires_at) == 0
        await tx.passkeys.use_up(CHALLENGE)
        await tx.commit()
    with pytest.raises(InvalidPasskey):
        async with transactions.begin() as tx:
            await tx.passkeys.use_up(later)
