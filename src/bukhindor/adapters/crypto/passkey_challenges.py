"""Challenges of WebAuthn: signed, not stored."""

import hmac
import re
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.passkey import CHALLENGE_LIFE, Ceremony, PasskeyChallenge

_PREFIX = "bkc_"
_CREATION, _REQUEST = 1, 2
_CONTENT = struct.Struct(">BQ16s32s16s")
_MAC_BYTES = 32
# 73 bytes of content and 32 of the MAC.
_FORM = re.compile(r"bkc_([A-Za-z0-9_-]{140})")
_NO_ACCOUNT, _NO_HANDLE = bytes(16), bytes(32)


class SignedPasskeyChallenges:
    """Ids of the form `bkc_` + base64url(content || MAC), 144 characters.

        content   = ceremony || seconds since 1970 || user || user handle || 128 random bits
        MAC       = HMAC-SHA256(key, "id" || content)
        challenge = HMAC-SHA256(key, "challenge" || content)

    Only this server can make a challenge from its id. That a challenge was used is recorded in the database.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._keys = secret_keys.derive_each("passkey challenge")

    def for_creation(self, user_id: UUID, user_handle: bytes, now: datetime) -> PasskeyChallenge:
        return self._issue(_CREATION, user_id.bytes, user_handle, now)

    def for_request(self, now: datetime) -> PasskeyChallenge:
        return self._issue(_REQUEST, _NO_ACCOUNT, _NO_HANDLE, now)

    def read(self, challenge_id: str, now: datetime) -> PasskeyChallenge | None:
        form = _FORM.fullmatch(challenge_id)
        if form is None:
            return None
        raw = urlsafe_b64decode(form[1])
        content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        key = next((key for key in self._keys if hmac.compare_digest(mac, _mac(key, content))), None)
        if key is None:
            return None
        challenge = _challenge(challenge_id, key, content)
        return challenge if now < challenge.expires_at else None

    def _issue(self, ceremony: int, account: bytes, handle: bytes, now: datetime) -> PasskeyChallenge:
        key, expires = self._keys[0], int((now + CHALLENGE_LIFE).timestamp())
        content = _CONTENT.pack(ceremony, expires, account, handle, secrets.token_bytes(16))
        id_ = _PREFIX + urlsafe_b64encode(content + _mac(key, content)).decode("ascii")
        return _challenge(id_, key, content)


def _challenge(id_: str, key: bytes, content: bytes) -> PasskeyChallenge:
    ceremony, expires, account, handle, _ = _CONTENT.unpack(content)
    value = hmac.digest(key, b"challenge" + content, sha256)
    expires_at = datetime.fromtimestamp(expires, UTC)
    if ceremony == _REQUEST:
        return PasskeyChallenge(id_, value, Ceremony.REQUEST, expires_at)
    return PasskeyChallenge(id_, value, Ceremony.CREATION, expires_at, UUID(bytes=account), handle)


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, b"id" + content, sha256)
