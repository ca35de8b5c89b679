"""Device proofs: signed, stored nowhere."""

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys

_PREFIX = "bkd_"
_ISSUED = struct.Struct(">Q")
_FORM = re.compile(r"bkd_([A-Za-z0-9_-]{40})")
_LIFETIME = timedelta(days=365)
_MAC_BYTES = 22


class SignedDeviceProofs:
    """Proofs of the form `bkd_` + base64url(seconds || first 22 bytes of HMAC-SHA256(key, seconds || user id)).

    The seconds count from 1970, in 8 bytes.

    This is the device cookie of the OWASP Authentication Cheat Sheet. A proof is good for one account and a year. It
    signs nobody in: it only keeps the failures of its client apart from those of strangers.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._keys = secret_keys.derive_each("device proof")

    def issue(self, user_id: UUID, now: datetime) -> str:
        issued = _ISSUED.pack(int(now.timestamp()))
        content = issued + _mac(self._keys[0], issued, user_id)
        return _PREFIX + urlsafe_b64encode(content).decode("ascii")

    def is_genuine(self, proof: str, user_id: UUID, now: datetime) -> bool:
        form = _FORM.fullmatch(proof)
        if form is None:
            return False
        content = urlsafe_b64decode(form[1])
        issued, mac = content[: _ISSUED.size], content[_ISSUED.size :]
        is_ours = any(hmac.compare_digest(mac, _mac(key, issued, user_id)) for key in self._keys)
        return is_ours and now.timestamp() - _ISSUED.unpack(issued)[0] < _LIFETIME.total_seconds()


def _mac(key: bytes, issued: bytes, user_id: UUID) -> bytes:
    return hmac.digest(key, issued + user_id.bytes, sha256)[:_MAC_BYTES]
