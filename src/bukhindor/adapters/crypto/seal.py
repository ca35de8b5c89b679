"""Storage of what must be read again: AES-256-GCM under the server's secret."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bukhindor.adapters.crypto.secret_keys import SecretKeys

_SECRET_ID_BYTES = 8
_NONCE_BYTES = 12


class SecretSeal:
    """The format is: secret id (8 bytes) || nonce (12 bytes) || ciphertext and tag, with the context authenticated.

    The secret id is derived itself, and shows which of the server's secrets opens the seal.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        ids = [key[:_SECRET_ID_BYTES] for key in secret_keys.derive_each("seal secret id")]
        ciphers = [AESGCM(key) for key in secret_keys.derive_each("seal")]
        self._newest = ids[0]
        self._ciphers = dict(zip(ids, ciphers, strict=True))

    def close(self, content: bytes, context: str) -> bytes:
        """Encrypt under the first secret; the seal opens for this context only."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, content, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """Return what was sealed for `context`; None when no secret opens it or it was tampered with."""
        cipher = self._ciphers.get(sealed[:_SECRET_ID_BYTES])
        nonce = sealed[_SECRET_ID_BYTES : _SECRET_ID_BYTES + _NONCE_BYTES]
        if cipher is None or len(nonce) < _NONCE_BYTES:
            return None
        try:
            return cipher.decrypt(nonce, sealed[_SECRET_ID_BYTES + _NONCE_BYTES :], context.encode())
        except InvalidTag:
            return None
