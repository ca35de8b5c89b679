"""Recovery codes, and what is stored of them."""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.recovery_code import ALPHABET, CODES_PER_SET, LENGTH, RecoveryCode


class DerivedRecoverySecrets:
    """Codes of 50 random bits, stored as HMAC-SHA-256 under a key from the server's secrets and bound to the account: a
    copy of the database reveals none (NIST SP 800-63B-4 section 3.1.2.2).

    A code stays valid for as long as the secret under which it was stored is among the server's secrets.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._keys = secret_keys.derive_each("recovery code")

    def make(self) -> list[RecoveryCode]:
        codes: set[RecoveryCode] = set()
        while len(codes) < CODES_PER_SET:
            codes.add(RecoveryCode("".join(secrets.choice(ALPHABET) for _ in range(LENGTH))))
        return list(codes)

    def digests(self, code: RecoveryCode, user_id: UUID) -> Sequence[bytes]:
        # The id has a fixed length, so the message is unambiguous.
        return [hmac.digest(key, user_id.bytes + code.encode(), sha256) for key in self._keys]
