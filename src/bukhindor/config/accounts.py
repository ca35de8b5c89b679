"""Accounts: secrets, how long signing in lasts, and what passwords cost."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

from bukhindor.config.data_folder import SECRET_FILE
from bukhindor.config.sources import Sources
from bukhindor.config.values import duration, duration_or_off, secrets, shown_duration_or_off, whole_number

GOOD_SECRET = "the output of: openssl rand -base64 48"

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_TEN_YEARS = timedelta(days=3650)
_GUEST_RETENTION: timedelta | None = 30 * _DAY


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """`jwt_secrets` may be empty in development: then `development_secret(data_dir)` is the secret to use."""

    jwt_secrets: tuple[bytes, ...] = field(repr=False)
    jwt_expiration: timedelta
    refresh_token_expiration: timedelta
    session_expiration: timedelta
    admin_session_expiration: timedelta
    fresh_sign_in: timedelta
    audit_retention: timedelta
    guest_retention: timedelta | None
    min_password_length: int
    hash_memory_kib: int
    hash_iterations: int
    hash_parallelism: int
    hash_workers: int
    hash_queue: int

    @classmethod
    def read(cls, sources: Sources, *, data_dir: Path, workers: int) -> Self:
        read, number, lives = sources.read, whole_number, duration(_SECOND, _TEN_YEARS)
        unused_for = duration_or_off(_DAY, _TEN_YEARS)
        made_secret = f"(in {data_dir / SECRET_FILE}, made at the first start)"
        return cls(
            jwt_secrets=read(
                "JWT_SECRET", secrets, (), GOOD_SECRET, lambda values: ",".join("***" for _ in values) or made_secret
            ),
            jwt_expiration=read("JWT_EXPIRATION", duration(_SECOND, _DAY), timedelta(minutes=15), "15m"),
            refresh_token_expiration=read("REFRESH_TOKEN_EXPIRATION", lives, 30 * _DAY, "30d"),
            session_expiration=read("SESSION_EXPIRATION", lives, 180 * _DAY, "180d"),
            admin_session_expiration=read("ADMIN_SESSION_EXPIRATION", lives, _DAY, "24h"),
            fresh_sign_in=read("FRESH_SIGN_IN", duration(_SECOND, _DAY), timedelta(minutes=10), "10m"),
            audit_retention=read("AUDIT_RETENTION", duration(_DAY, _TEN_YEARS), 365 * _DAY, "365d"),
            guest_retention=read("GUEST_RETENTION", unused_for, _GUEST_RETENTION, "30d or off", shown_duration_or_off),
            min_password_length=read("MIN_PASSWORD_LENGTH", number(8, 64), 8, "8"),
            hash_memory_kib=read("HASH_MEMORY_KIB", number(19_456, 262_144), 19_456, "19456"),
            hash_iterations=read("HASH_ITERATIONS", number(2, 20), 2, "2"),
            hash_parallelism=read("HASH_PARALLELISM", number(1, 16), 1, "1"),
            hash_workers=read("HASH_WORKERS", number(1, 256), max(1, _usable_cores() // workers), "2"),
            hash_queue=read("HASH_QUEUE", number(1, 100_000), 256, "256"),
        )


def _usable_cores() -> int:
    """The cores that this process may run on, at most what a setting allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 256)
