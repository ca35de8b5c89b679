"""The token in the forms of signed-in pages (OWASP CSRF Prevention cheat sheet, "HMAC CSRF token").

It belongs to one session. No other site can read it, so a form that has it comes from a page of ours.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID


def form_token(key: bytes, session_id: UUID) -> str:
    """The token for the forms of this session."""
    return urlsafe_b64encode(hmac.digest(key, session_id.bytes, sha256)).rstrip(b"=").decode("ascii")


def is_form_token(token: str, key: bytes, session_id: UUID) -> bool:
    return hmac.compare_digest(token.encode(), form_token(key, session_id).encode())
