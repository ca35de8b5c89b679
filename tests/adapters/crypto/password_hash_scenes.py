"""What the tests of password hashes share: a password, verdicts, and hashes made elsewhere."""

import asyncio
import os
import threading
from collections.abc import Callable

import bcrypt
from argon2.low_level import Type, hash_secret

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordVerdict

PASSWORD = Password("correct horse battery staple")
WRONG = Password("correct horse battery stapler")
MATCH = PasswordVerdict(matches=True)
OUTDATED_MATCH = PasswordVerdict(matches=True, outdated=True)
NO_MATCH = PasswordVerdict(matches=False)

HasherMaker = Callable[..., PooledPasswordHasher]


def argon2id(
    password: Password = PASSWORD, *, m: int = 64, t: int = 1, p: int = 1, version: int = 19, digest: int = 32
) -> str:
    secret = password.reveal().encode()
    return hash_secret(secret, os.urandom(16), t, m, p, digest, Type.ID, version).decode()


def bcrypt_hash(password: Password = PASSWORD, variant: str = "2b") -> str:
    made = bcrypt.hashpw(password.reveal().encode()[:72], bcrypt.gensalt(4)).decode()
    return made.replace("$2b$", f"${variant}$")


class HeldPassword(Password):
    """A password that a hash thread starts to read when told to and not before."""

    __slots__ = ("_asked_for", "_may_be_read")

    def __init__(self, value: str = PASSWORD.reveal()) -> None:
        super().__init__(value)
        self._asked_for = threading.Event()
        self._may_be_read = threading.Event()

    def reveal(self) -> str:
        self._asked_for.set()
        assert self._may_be_read.wait(30)
        return super().reveal()

    async def reached_a_thread(self) -> None:
        assert await asyncio.to_thread(self._asked_for.wait, 30)

    def was_asked_for(self) -> bool:
        return self._asked_for.is_set()

    def let_go(self) -> None:
        self._may_be_read.set()
