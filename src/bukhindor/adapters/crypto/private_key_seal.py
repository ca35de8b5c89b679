"""How the private parts of signing keys rest in the database: AES-256-GCM under the server's secret."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bukhindor.adapters.crypto.secret_keys import SecretKeys

_SECRET_ID_BYTES = 8
_NONCE_BYTES = 12


class PrivateKeySeal:
    """Seals as: secret id (8 bytes) || nonce (12 bytes) || ciphertext and tag, with the `kid` authenticated.

    The secret id, itself derived, says which of the server's secrets opens the seal.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        ids = [key[:_SECRET_ID_BYTES] for key in secret_keys.derive_each("signing-key secret id")]
        ciphers = [AESGCM(key) for key in secret_keys.derive_each("signing-key seal")]
        self._newest = ids[0]
        self._ciphers = dict(zip(ids, ciphers, strict=True))

    def seal(self, private_key: bytes, kid: str) -> bytes:
        """Encrypt under the first secret; the seal opens for this `kid` only."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, private_key, kid.encode())
        return self._newest + nonce + sealed

    def unseal(self, sealed: bytes, kid: str) -> bytes | None:
        """What was sealed for `kid`; None when no secret opens it or it was tampered with."""
        cipher = self._ciphers.get(sealed[:_SECRET_ID_BYTES])
        nonce = sealed[_SECRET_ID_BYTES : _SECRET_ID_BYTES + _NONCE_BYTES]
        if cipher is None or len(nonce) < _NONCE_BYTES:
            return None
        try:
            return cipher.decrypt(nonce, sealed[_SECRET_ID_BYTES + _NONCE_BYTES :], kid.encode())
        except InvalidTag:
            return None
