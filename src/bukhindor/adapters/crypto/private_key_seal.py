"""How the private parts of signing keys are stored in the database."""

from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys


class PrivateKeySeal:
    """The server's seal, with a context for each key."""

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._seal = SecretSeal(secret_keys)

    def seal(self, private_key: bytes, kid: str) -> bytes:
        """Encrypt under the first secret; the seal opens for this `kid` only."""
        return self._seal.close(private_key, f"signing-key:{kid}")

    def unseal(self, sealed: bytes, kid: str) -> bytes | None:
        """Return what was sealed for `kid`; None when no secret opens it or it was tampered with."""
        return self._seal.open(sealed, f"signing-key:{kid}")
