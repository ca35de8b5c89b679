"""Hashes found in the store: which ones match, which ones are outdated, and which ones are not even tried."""

import time
from collections import defaultdict

import pytest

from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordHasher, PasswordVerdict
from tests.adapters.crypto.password_hash_scenes import (
    MATCH,
    NO_MATCH,
    OUTDATED_MATCH,
    PASSWORD,
    WRONG,
    HasherMaker,
    argon2id,
    bcrypt_hash,
)
from tests.makers import REQUESTER


@pytest.mark.parametrize("variant", ["2a", "2b", "2y"])
async def test_a_bcrypt_hash_matches_and_asks_for_an_upgrade(hasher: PasswordHasher, variant: str) -> None:
    """PW-09."""
    assert await hasher.verify(PASSWORD, bcrypt_hash(variant=variant), REQUESTER) == OUTDATED_MATCH
    assert await hasher.verify(WRONG, bcrypt_hash(variant=variant), REQUESTER) == NO_MATCH


async def test_a_password_beyond_72_bytes_signs_in_with_its_old_bcrypt_hash(hasher: PasswordHasher) -> None:
    """PW-02: the product before read 72 bytes; its users type what they always typed."""
    long = Password("я" * 60)

    assert await hasher.verify(long, bcrypt_hash(long), REQUESTER) == OUTDATED_MATCH


@pytest.mark.parametrize(
    ("parameters", "verdict"),
    [
        ({"m": 512, "t": 2}, MATCH),
        ({"m": 512, "t": 2, "p": 2}, MATCH),
        ({"m": 512, "t": 3}, MATCH),
        ({"m": 1024, "t": 2}, MATCH),
        ({"m": 1024, "t": 1}, MATCH),
        ({"m": 1023, "t": 1}, OUTDATED_MATCH),
        ({"m": 512, "t": 1}, OUTDATED_MATCH),
        ({"m": 256, "t": 8}, OUTDATED_MATCH),
        ({"m": 512, "t": 2, "version": 16}, OUTDATED_MATCH),
    ],
    ids=str,
)
async def test_a_hash_that_costs_less_than_today_is_outdated(
    make_hasher: HasherMaker, parameters: dict[str, int], verdict: PasswordVerdict
) -> None:
    """PW-09: stronger hashes, or as strong in another way, are left alone."""
    hasher = make_hasher(memory_kib=512, iterations=2)

    assert await hasher.verify(PASSWORD, argon2id(PASSWORD, **parameters), REQUESTER) == verdict
    assert await hasher.verify(WRONG, argon2id(PASSWORD, **parameters), REQUESTER) == NO_MATCH


SALT_AND_DIGEST = "c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        " ",
        "!",
        "\x00",
        "correct horse battery staple",
        "я" * 60,
        f"$argon2id$v=19$m=4194304,t=2,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=1048577,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=99999999999999999999,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=64,t=21,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=64,t=4294967295,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=1024,t=1,p=17${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=7,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=0,t=0,p=0${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=-64,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=18$m=64,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2i$v=19$m=64,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=٦٤,t=1,p=1${SALT_AND_DIGEST}",
        f"$argon2id$v=19$m=64,t=1,p=1${SALT_AND_DIGEST}\n",
        f"$argon2id$v=19$m=64,t=1,p=1${'A' * 13}${'A' * 43}",
        f"$argon2id$v=19$m=64,t=1,p=1${'A' * 22}${'A' * 45}",
        f"$argon2id$v=19$m=64,t=1,p=1${'A' * 22}${'A' * 8}",
        f"$argon2id$v=19$m=64,t=1,p=1${'A' * 22}$",
        f"$argon2id$v=19$m=64,t=1,p=1${'A' * 10_000}${'A' * 10_000}",
        "$2b$31$" + "." * 53,
        "$2b$15$" + "." * 53,
        "$2b$03$" + "." * 53,
        "$2b$04$" + "9" * 53,
        "$2x$04$" + "." * 53,
        "$2b$04$" + "." * 52,
        "$1$salt$" + "." * 22,
    ],
    ids=lambda stored: repr(stored)[:40],
)
async def test_what_is_no_hash_or_costs_too_much_matches_nothing(hasher: PasswordHasher, stored: str | None) -> None:
    """PW-13 and PW-14: the hostile cost is not paid, and an account without a password does not open."""
    started = time.process_time()

    assert await hasher.verify(Password(stored or "x"), stored, REQUESTER) == NO_MATCH
    assert await hasher.verify(Password(""), stored, REQUESTER) == NO_MATCH
    assert time.process_time() - started < 2


async def test_a_password_of_the_dummy_never_matches(hasher: PasswordHasher) -> None:
    """PW-13: not even the empty password that an attacker might try on an account without one."""
    for text in ("", " ", "null", "None", "\x00" * 32):
        assert await hasher.verify(Password(text), None, REQUESTER) == NO_MATCH


async def test_a_wrong_guess_takes_as_long_without_an_account_and_for_old_hashes(make_hasher: HasherMaker) -> None:
    """LGN-02, roughly: CPU time of the hash threads, of which a cheaper path would need less than half."""
    hasher = make_hasher(memory_kib=8192, iterations=4)
    today = await hasher.hash(PASSWORD, REQUESTER)
    others = None, "damaged", argon2id(m=1024, t=1), argon2id(m=8192, t=1)
    costs: defaultdict[str | None, list[float]] = defaultdict(list)

    # In turns: what else this machine does makes a core faster or slower from one moment to the next.
    for _ in range(7):
        for stored in (today, *others):
            started = time.process_time()
            await hasher.verify(WRONG, stored, REQUESTER)
            costs[stored].append(time.process_time() - started)

    for stored in others:
        assert 0.6 < min(costs[stored]) / min(costs[today]) < 1.7
