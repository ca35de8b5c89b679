"""Signing keys: one signs; earlier ones verify until their last token has expired."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

# Other replicas may sign with a retired key for a moment, until they have read that it is retired.
_CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 key pair: the public JWK (RFC 7517) in clear, the private part sealed under the server's secret."""

    kid: str
    public_jwk: Mapping[str, str]
    sealed_private_key: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None

    def retired(self, now: datetime) -> Self:
        """The key after it has signed its last token."""
        return replace(self, retired_at=now) if self.retired_at is None else self

    def verifies_at(self, now: datetime, token_life: timedelta) -> bool:
        """Whether a token signed by this key can still be valid at `now`."""
        return self.retired_at is None or now <= self.retired_at + token_life + _CLOCK_TOLERANCE


def verifying(keys: Iterable[SigningKey], now: datetime, token_life: timedelta) -> list[SigningKey]:
    """The keys whose tokens can still be valid at `now`, in the order given."""
    return [key for key in keys if key.verifies_at(now, token_life)]
