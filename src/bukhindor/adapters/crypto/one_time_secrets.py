"""The secrets in mails, and what is stored of them."""

import hmac
import secrets
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.one_time_token import OneTimeSecret, Purpose

_TOKEN_BYTES = 32
_CODE_DIGITS = 8


class DerivedOneTimeSecrets:
    """Tokens of 256 random bits (43 characters of base64url) and codes of eight digits.

    A token is as hard to guess as its digest, so a plain SHA-256 suffices. All codes can be tried in a second: their
    digest is an HMAC under a key from the server's first secret, bound to user and purpose, so that a copy of the
    database reveals none. A new first secret makes the outstanding codes invalid, but not the links.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._code_key = secret_keys.derive("one-time code")

    def make(self) -> OneTimeSecret:
        code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
        return OneTimeSecret(self.make_token(), code)

    def make_token(self) -> str:
        return secrets.token_urlsafe(_TOKEN_BYTES)

    def hash_token(self, token: str) -> bytes:
        return sha256(_bytes(token)).digest()

    def hash_code(self, code: str, user_id: UUID, purpose: Purpose) -> bytes:
        # The id has a fixed length and no purpose contains a bar, so the message is unambiguous.
        return hmac.digest(self._code_key, user_id.bytes + purpose.value.encode() + b"|" + _bytes(code), sha256)


def _bytes(text: str) -> bytes:
    """Every text from a stranger has a digest, also one with lone surrogates."""
    return text.encode("utf-8", "surrogatepass")
