"""Device proofs: signed, not stored."""

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.password_attempt import DEVICE_PROOF_LIFE

_PREFIX = "bkd_"
_CONTENT = struct.Struct(">Q8s20s")
_FORM = re.compile(r"bkd_([A-Za-z0-9_-]{48})")
_DEVICE_BYTES, _MAC_BYTES = 8, 20


class SignedDeviceProofs:
    """Proofs of the form `bkd_` + base64url(seconds since 1970 || device || MAC), 52 characters.

        device = the first 8 bytes of HMAC-SHA256(key, id of the device)
        MAC    = the first 20 bytes of HMAC-SHA256(key, seconds || device || id of the user)

    This is the device cookie of the OWASP Authentication Cheat Sheet. A proof is good for one account and a year. It
    does not sign its client in: it only keeps their failures apart from those of strangers and of other devices.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._keys = secret_keys.derive_each("device proof")

    def issue(self, user_id: UUID, device: UUID, now: datetime) -> str:
        key, seconds = self._keys[0], int(now.timestamp())
        name = _name(key, device)
        content = _CONTENT.pack(seconds, name, _mac(key, seconds, name, user_id))
        return _PREFIX + urlsafe_b64encode(content).decode("ascii")

    def device_of(self, proof: str, user_id: UUID, now: datetime) -> str | None:
        form = _FORM.fullmatch(proof)
        if form is None:
            return None
        seconds, name, mac = _CONTENT.unpack(urlsafe_b64decode(form[1]))
        is_ours = any(hmac.compare_digest(mac, _mac(key, seconds, name, user_id)) for key in self._keys)
        is_over = now.timestamp() - seconds >= DEVICE_PROOF_LIFE.total_seconds()
        return name.hex() if is_ours and not is_over else None

    def is_named(self, name: str, device: UUID) -> bool:
        return any(hmac.compare_digest(name, _name(key, device).hex()) for key in self._keys)


def _name(key: bytes, device: UUID) -> bytes:
    return hmac.digest(key, device.bytes, sha256)[:_DEVICE_BYTES]


def _mac(key: bytes, seconds: int, name: bytes, user_id: UUID) -> bytes:
    return hmac.digest(key, struct.pack(">Q", seconds) + name + user_id.bytes, sha256)[:_MAC_BYTES]
