"""Signing keys: one signs, younger ones are published already, older ones verify until their last token expires."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

# Other replicas may sign with a retired key for a moment, until they have read that it is retired.
_CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 key pair: the public JWK (RFC 7517) in clear, the private part sealed under the server's secret.

    `retired_at` is when the key signs its last token; it may lie in the future.
    """

    kid: str
    public_jwk: Mapping[str, str]
    sealed_private_key: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None

    def retired(self, at: datetime) -> Self:
        """The key that signs its last token at `at`, or before when that was decided earlier."""
        return self if self.retired_at is not None and self.retired_at <= at else replace(self, retired_at=at)

    def is_retired_at(self, now: datetime) -> bool:
        """Whether the key has signed its last token."""
        return self.retired_at is not None and self.retired_at <= now

    def verifies_at(self, now: datetime, token_life: timedelta) -> bool:
        """Whether a token signed by this key can still be valid at `now`."""
        return self.retired_at is None or now <= self.retired_at + token_life + _CLOCK_TOLERANCE


@dataclass(frozen=True, slots=True)
class SigningKeyPolicy:
    """`token_life` is how long an access token lives. A new key is published for `publication_lead` before it signs, so
    that other services have read it when the first token with it arrives. The server replaces a key that is `rotation`
    old; None leaves that to the operator.
    """

    token_life: timedelta
    publication_lead: timedelta = timedelta(minutes=20)
    rotation: timedelta | None = None

    def is_rotation_due(self, keys: Iterable[SigningKey], now: datetime) -> bool:
        """Whether the newest key is too old."""
        return self.rotation is not None and all(key.created_at + self.rotation <= now for key in keys)


class KeyState(StrEnum):
    """What a key does: it waits until other services have read it, signs, only verifies, or does nothing any more."""

    PUBLISHED = "published"
    SIGNS = "signs"
    VERIFIES = "verifies"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment: those that verify, newest first, and those that may sign, the first choice first."""

    verifying: Sequence[SigningKey] = ()
    signing: Sequence[SigningKey] = ()

    @classmethod
    def at(cls, now: datetime, keys: Iterable[SigningKey], token_life: timedelta) -> Self:
        """The oldest key that is not retired signs: it has been published for the longest time."""
        ordered = sorted(keys, key=lambda key: key.created_at, reverse=True)
        return cls(
            [key for key in ordered if key.verifies_at(now, token_life)],
            [key for key in reversed(ordered) if not key.is_retired_at(now)],
        )

    def state_of(self, key: SigningKey) -> KeyState:
        """What this key does at the moment of the ring."""
        if key not in self.verifying:
            return KeyState.EXPIRED
        if key not in self.signing:
            return KeyState.VERIFIES
        return KeyState.SIGNS if key == self.signing[0] else KeyState.PUBLISHED
