"""Refresh tokens that are derived instead of stored."""

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.session import Session
from bukhindor.domain.tokens import RefreshTicket

_PREFIX = "bkr_"
_HEADER = struct.Struct(">16sI")
# The last of 70 characters carries two bits: four letters are canonical there, but decoders accept any letter.
_FORM = re.compile(r"bkr_([A-Za-z0-9_-]{69}[AQgw])")


class DerivedRefreshTokens:
    """Tokens of the form `bkr_` + base64url(masked header || proof), 74 characters.

        header        = session id (16 bytes) || generation (4 bytes, big-endian)
        proof         = HMAC-SHA256(proof key, seed || header)                          32 bytes
        masked header = header XOR the first 20 bytes of HMAC-SHA256(mask key, proof)

    This is the construction of a synthetic IV (SIV, RFC 5297): the proof authenticates the header and is at the same
    time the nonce that masks it. As long as HMAC-SHA256 is a pseudo-random function, every byte of a token looks random
    without the secret, and two tokens are equal only for the same seed, session and generation. Making a token takes
    the server's secret *and* the session's 32-byte seed: a copy of the database or the secret alone is useless.

    A seed always has 32 bytes, so `seed || header` is unambiguous. With a new first secret a session's token is another
    string than before; the previous one stays genuine while its secret is listed.
    """

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._proof_keys = secret_keys.derive_each("refresh-token proof")
        self._mask_keys = secret_keys.derive_each("refresh-token mask")

    def derive(self, session: Session) -> str:
        """Return the token of the session's newest generation, always the same one."""
        header = _HEADER.pack(session.id.bytes, session.generation)
        proof = _proof(self._proof_keys[0], session.seed, header)
        sealed = _mask(self._mask_keys[0], proof, header) + proof
        return _PREFIX + urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def read(self, token: str) -> tuple[RefreshTicket, ...]:
        """One reading for each secret; empty unless the token is the canonical encoding of 52 bytes."""
        form = _FORM.fullmatch(token)
        if form is None:
            return ()
        sealed = urlsafe_b64decode(form[1] + "==")
        masked, proof = sealed[: _HEADER.size], sealed[_HEADER.size :]
        return tuple(_ticket(_mask(key, proof, masked), proof) for key in self._mask_keys)

    def is_genuine(self, ticket: RefreshTicket, session: Session) -> bool:
        """Whether one of the secrets yields the ticket's proof for this session."""
        if ticket.session_id != session.id:
            return False
        header = _HEADER.pack(ticket.session_id.bytes, ticket.generation)
        proofs = (_proof(key, session.seed, header) for key in self._proof_keys)
        return any(hmac.compare_digest(proof, ticket.proof) for proof in proofs)


def _ticket(header: bytes, proof: bytes) -> RefreshTicket:
    session_id, generation = _HEADER.unpack(header)
    return RefreshTicket(UUID(bytes=session_id), generation, proof)


def _proof(key: bytes, seed: bytes, header: bytes) -> bytes:
    return hmac.digest(key, seed + header, sha256)


def _mask(key: bytes, proof: bytes, header: bytes) -> bytes:
    pad = hmac.digest(key, proof, sha256)[: _HEADER.size]
    return bytes(a ^ b for a, b in zip(header, pad, strict=True))
