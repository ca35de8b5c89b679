"""One key for each purpose, derived from the server's secrets with HKDF-SHA256 (RFC 5869)."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES = 32
KEY_BYTES = 32


class SecretKeys:
    """The server's secrets, newest first: the first encrypts and derives, the others still read what they made.

    A secret is never used directly, and keys of different purposes reveal nothing about each other.
    """

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Raises ValueError without a secret, and for one shorter than 32 bytes."""
        if not secrets or any(len(secret) < MIN_SECRET_BYTES for secret in secrets):
            raise ValueError(f"At least one secret is needed, each of at least {MIN_SECRET_BYTES} bytes.")
        self._secrets = tuple(secrets)

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key of `purpose` under the first secret."""
        return _derive(self._secrets[0], purpose)

    def derive_each(self, purpose: str) -> tuple[bytes, ...]:
        """The 32-byte keys of `purpose`, one under each secret, in the order of the secrets."""
        return tuple(_derive(secret, purpose) for secret in self._secrets)

    def __repr__(self) -> str:
        return f"SecretKeys({len(self._secrets)} secrets)"


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"bukhindor/{purpose}".encode()).derive(secret)
