"""The pool of password hashes: what is stored, what matches, and what happens when too many come."""

import asyncio
import os
import re
import resource
import threading
from pathlib import Path

import bcrypt
import pytest
from argon2 import PasswordHasher as Argon2

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.crypto.stored_hashes import Argon2Hash
from bukhindor.domain.errors import TooBusy
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordHasher, PasswordVerdict, Requester
from tests.adapters.crypto.password_hash_scenes import (
    MATCH,
    NO_MATCH,
    PASSWORD,
    WRONG,
    HasherMaker,
    HeldPassword,
    argon2id,
)
from tests.makers import REQUESTER


async def test_a_new_hash_is_argon2id_with_the_recommended_parameters() -> None:
    """PW-08."""
    hasher = PooledPasswordHasher()

    stored = await hasher.hash(PASSWORD, REQUESTER)

    assert re.fullmatch(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", stored)
    assert await hasher.verify(PASSWORD, stored, REQUESTER) == MATCH
    hasher.close()


async def test_two_users_with_one_password_have_different_hashes(hasher: PasswordHasher) -> None:
    """PW-08."""
    assert await hasher.hash(PASSWORD, REQUESTER) != await hasher.hash(PASSWORD, REQUESTER)


async def test_the_right_password_matches_and_another_does_not(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(PASSWORD, REQUESTER)

    assert await hasher.verify(PASSWORD, stored, REQUESTER) == MATCH
    assert await hasher.verify(WRONG, stored, REQUESTER) == NO_MATCH


@pytest.mark.parametrize(
    "text",
    [
        "👍" * 128,
        "я" * 128,
        *("x" * length for length in (64, 72, 73, 100, 128)),
        *("я" * length for length in (32, 36, 37, 64)),
    ],
)
async def test_no_part_of_a_long_password_is_cut_off(hasher: PasswordHasher, text: str) -> None:
    """PW-02: 128 emoji are 512 bytes; bcrypt's border at 72 bytes means nothing here."""
    stored = await hasher.hash(Password(text), REQUESTER)

    assert await hasher.verify(Password(text), stored, REQUESTER) == MATCH
    assert await hasher.verify(Password(text[:-1] + "!"), stored, REQUESTER) == NO_MATCH
    assert await hasher.verify(Password(text[:-1]), stored, REQUESTER) == NO_MATCH
    assert (
        await hasher.verify(Password(text.encode()[:72].decode(errors="ignore") + "!"), stored, REQUESTER) == NO_MATCH
    )


async def test_a_full_queue_refuses_at_once_and_opens_again(make_hasher: HasherMaker) -> None:
    """DOS-02: one runs, two wait, the fourth is refused with a time to come back."""
    hasher = make_hasher(workers=1, queue=2)
    held, stored = HeldPassword(), argon2id()
    askers = [Requester(f"192.0.2.{number}", "ann@example.com") for number in range(3)]
    accepted = [asyncio.create_task(hasher.verify(held, stored, asker)) for asker in askers]
    await held.reached_a_thread()

    with pytest.raises(TooBusy) as refused:
        await hasher.hash(PASSWORD, REQUESTER)
    with pytest.raises(TooBusy):
        await hasher.verify(PASSWORD, None, REQUESTER)

    assert refused.value.retry_after == 1
    assert not any(task.done() for task in accepted)
    held.let_go()
    assert await asyncio.gather(*accepted) == [MATCH] * 3
    assert await hasher.verify(PASSWORD, stored, REQUESTER) == MATCH


async def test_giving_up_does_not_free_the_place_of_a_running_hash(make_hasher: HasherMaker) -> None:
    """DOS-02: clients that hang up can't pile up hashes."""
    hasher = make_hasher(workers=1, queue=0)
    held = HeldPassword()
    given_up = asyncio.create_task(hasher.hash(held, REQUESTER))
    await held.reached_a_thread()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up

    with pytest.raises(TooBusy):
        await hasher.verify(PASSWORD, None, REQUESTER)

    held.let_go()
    assert await _once_free(hasher) == MATCH


async def test_giving_up_frees_the_place_of_a_hash_that_waits(make_hasher: HasherMaker) -> None:
    """DOS-02: for a client that has gone, nothing is hashed."""
    hasher = make_hasher(workers=1, queue=1)
    running, unread = HeldPassword(), HeldPassword()
    first = asyncio.create_task(hasher.verify(running, argon2id(), REQUESTER))
    await running.reached_a_thread()
    waiting = asyncio.create_task(hasher.hash(unread, REQUESTER))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    instead = asyncio.create_task(hasher.verify(PASSWORD, argon2id(), REQUESTER))
    await asyncio.sleep(0)

    running.let_go()
    assert list(await asyncio.gather(first, instead)) == [MATCH, MATCH]
    assert not unread.was_asked_for()


async def test_hashes_leave_the_event_loop_free(make_hasher: HasherMaker) -> None:
    hasher = make_hasher()
    held = HeldPassword()
    hashing = asyncio.create_task(hasher.hash(held, REQUESTER))
    await held.reached_a_thread()

    for _ in range(10):
        await asyncio.sleep(0)

    assert not hashing.done()
    held.let_go()
    assert (await hashing).startswith("$argon2id$")


async def test_closing_waits_for_what_was_asked_for(make_hasher: HasherMaker) -> None:
    hasher = make_hasher()
    held = HeldPassword()
    asked = [asyncio.create_task(hasher.verify(held, argon2id(), REQUESTER)) for _ in range(2)]
    await held.reached_a_thread()
    closing = asyncio.create_task(asyncio.to_thread(hasher.close))
    await asyncio.sleep(0)

    assert not closing.done()
    held.let_go()
    await closing

    assert await asyncio.gather(*asked) == [MATCH, MATCH]
    with pytest.raises(TooBusy):
        await hasher.hash(PASSWORD, REQUESTER)


async def test_too_little_memory_for_a_hash_is_a_busy_server_and_not_a_wrong_password() -> None:
    """The address space is limited for a moment, so that 256 MiB can't be had."""
    hasher = PooledPasswordHasher(64, 1, workers=1, queue=0)
    await hasher.hash(PASSWORD, REQUESTER)
    hungry = argon2id().replace("m=64", "m=262144")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 128 * 1024 * 1024, hard))
    try:
        with pytest.raises(TooBusy):
            await hasher.verify(PASSWORD, hungry, REQUESTER)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    assert await hasher.verify(PASSWORD, argon2id(), REQUESTER) == MATCH
    hasher.close()


async def test_hash_threads_stand_back_behind_the_event_loop(hasher: PasswordHasher) -> None:
    before = set(threading.enumerate())
    await hasher.hash(PASSWORD, REQUESTER)

    # Another thread may have begun as well, and the number of one that has ended is given again.
    new = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("password-hash")]

    assert new
    for thread in new:
        assert thread.native_id is not None
        assert os.getpriority(os.PRIO_PROCESS, thread.native_id) == 10


async def _once_free(hasher: PooledPasswordHasher) -> PasswordVerdict:
    stored = argon2id()
    async with asyncio.timeout(20):
        while True:
            try:
                return await hasher.verify(PASSWORD, stored, REQUESTER)
            except TooBusy:
                await asyncio.sleep(0.01)


DECOMPOSED = "cafe\u0301 au lait"
COMPOSED = "caf\u00e9 au lait"


def bcrypt_of(text: str) -> str:
    return bcrypt.hashpw(text.encode(), bcrypt.gensalt(4)).decode()


@pytest.mark.parametrize("stored_as", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("kind", ["bcrypt", "argon2id of other parameters", "argon2id with a short salt"])
async def test_a_hash_of_another_program_is_compared_as_typed_and_in_normal_form(
    hasher: PasswordHasher, stored_as: str, kind: str
) -> None:
    """Not every program normalises. The next hash is of the normal form."""
    if kind == "bcrypt":
        stored = bcrypt_of(stored_as)
    elif kind == "argon2id with a short salt":
        stored = Argon2(time_cost=2, memory_cost=64, parallelism=1, salt_len=8).hash(stored_as)
    else:
        stored = Argon2(time_cost=3, memory_cost=64, parallelism=1).hash(stored_as)
    verdict = await hasher.verify(Password.parse(DECOMPOSED), stored, REQUESTER)
    assert verdict.matches
    assert stored_as == COMPOSED or verdict.outdated
    assert not (await hasher.verify(Password.parse(f"{DECOMPOSED}!"), stored, REQUESTER)).matches


async def test_our_own_hash_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is of the normal form. A wrong password for a hash of another program costs one comparison more."""
    hasher = PooledPasswordHasher(memory_kib=64, iterations=1, workers=1)
    own = await hasher.hash(Password.parse(COMPOSED), REQUESTER)
    foreign = Argon2(time_cost=2, memory_cost=64, parallelism=1).hash(COMPOSED)
    compared: list[bytes] = []
    matches = Argon2Hash.matches

    def counted(self: Argon2Hash, password: bytes) -> bool:
        compared.append(password)
        return matches(self, password)

    monkeypatch.setattr(Argon2Hash, "matches", counted)
    assert (await hasher.verify(Password.parse(DECOMPOSED), own, REQUESTER)).matches
    wrong = Password.parse(f"{DECOMPOSED}!")
    assert not (await hasher.verify(wrong, own, REQUESTER)).matches
    assert len(compared) == 2
    assert not (await hasher.verify(wrong, foreign, REQUESTER)).matches
    assert len(compared) == 4
    hasher.close()


@pytest.mark.parametrize("text", ["x" * 500, "horse\u200bbattery", "horse\x00battery"])
async def test_passwords_that_may_no_longer_be_chosen_still_match(hasher: PasswordHasher, text: str) -> None:
    stored = Argon2(time_cost=3, memory_cost=64, parallelism=1).hash(text)
    assert (await hasher.verify(Password.parse(text), stored, REQUESTER)).matches
    assert (await hasher.verify(Password.parse(text), bcrypt_of(text[:60]), REQUESTER)).matches is (len(text) < 60)
