"""Stored password hashes: argon2id in PHC form, and bcrypt from older systems."""

import hmac
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Self

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw

SALT_BYTES = 16
DIGEST_BYTES = 32

# A row of the database decides how much memory and time a sign-in takes, so both are bounded.
_MAX_MEMORY_KIB = 256 * 1024
_MAX_ITERATIONS = 20
_MAX_PARALLELISM = 16
_MAX_BCRYPT_COST = 14
_BCRYPT_READS_BYTES = 72

_ARGON2ID = re.compile(
    r"\$argon2id\$v=(16|19)\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)
_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[A-Za-z0-9./]{21}[.Oeu][A-Za-z0-9./]{31}")


@dataclass(frozen=True, slots=True)
class Argon2Parameters:
    """The cost of one hash; memory in KiB."""

    memory_kib: int
    iterations: int
    parallelism: int

    @property
    def work(self) -> int:
        """How many KiB are written in all; the time is proportional to it."""
        return self.memory_kib * self.iterations

    def is_within_bounds(self) -> bool:
        """Whether argon2 accepts these parameters and their cost is acceptable."""
        return (
            1 <= self.parallelism <= _MAX_PARALLELISM
            and 1 <= self.iterations <= _MAX_ITERATIONS
            and 8 * self.parallelism <= self.memory_kib <= _MAX_MEMORY_KIB
        )

    def is_weaker_than(self, other: Self) -> bool:
        """Less memory, or less work in all: more memory compensates for fewer iterations (OWASP)."""
        return self.memory_kib < other.memory_kib or self.work < other.work


@dataclass(frozen=True, slots=True)
class Argon2Hash:
    """A readable argon2id hash."""

    parameters: Argon2Parameters
    version: int
    salt: bytes
    digest: bytes

    def matches(self, password: bytes) -> bool:
        """Raises argon2's HashingError when memory runs out."""
        digest = hash_secret_raw(
            password,
            self.salt,
            time_cost=self.parameters.iterations,
            memory_cost=self.parameters.memory_kib,
            parallelism=self.parameters.parallelism,
            hash_len=len(self.digest),
            type=Type.ID,
            version=self.version,
        )
        return hmac.compare_digest(digest, self.digest)

    def is_foreign(self, current: Argon2Parameters) -> bool:
        """Whether another program may have made it: this one, as it is set up, would have made another hash."""
        sizes = (len(self.salt), len(self.digest))
        return (self.parameters, self.version, sizes) != (current, ARGON2_VERSION, (SALT_BYTES, DIGEST_BYTES))

    def is_outdated(self, current: Argon2Parameters) -> bool:
        return self.version < ARGON2_VERSION or self.parameters.is_weaker_than(current)


@dataclass(frozen=True, slots=True)
class BcryptHash:
    """A readable bcrypt hash."""

    encoded: bytes

    def matches(self, password: bytes) -> bool:
        # Bcrypt never read more than 72 bytes; its newer versions refuse longer input instead of truncating it.
        # Few installations have such hashes, and the library takes a megabyte.
        import bcrypt  # noqa: PLC0415

        return bcrypt.checkpw(password[:_BCRYPT_READS_BYTES], self.encoded)

    def is_foreign(self, _: Argon2Parameters) -> bool:
        return True

    def is_outdated(self, _: Argon2Parameters) -> bool:
        return True


def parse_stored_hash(stored: str) -> Argon2Hash | BcryptHash | None:
    """Parse `stored`; None when it is of another kind, damaged, or asks for too much."""
    if match := _ARGON2ID.fullmatch(stored):
        parameters = Argon2Parameters(int(match[2]), int(match[3]), int(match[4]))
        salt, digest = _decode(match[5]), _decode(match[6])
        if salt is None or digest is None or not parameters.is_within_bounds():
            return None
        return Argon2Hash(parameters, int(match[1]), salt, digest)
    if match := _BCRYPT.fullmatch(stored):
        return BcryptHash(stored.encode("ascii")) if 4 <= int(match[1]) <= _MAX_BCRYPT_COST else None
    return None


def _decode(unpadded: str) -> bytes | None:
    if len(unpadded) % 4 == 1:
        return None
    return b64decode(unpadded + "=" * (-len(unpadded) % 4))
