"""What the tests of access tokens share: a server, its key, and tokens forged with it by hand."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import AccessClaims
from bukhindor.domain.user import Role
from tests.makers import make_key_ring

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://accounts.example.com"
AUDIENCE = "bukhindor"
SECRETS = SecretKeys([b"a secret of at least 32 characters"])
KEY = Es256SigningKeyMaker(SECRETS).make(NOW)
CLAIMS = AccessClaims(
    user_id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    session_id=UUID("6f1ed002-ab55-4d2c-8ab3-0a8a8a3f1a11"),
    generation=3,
    role=Role.USER,
    token_id="c2l4dGVlbi1ieXRlcy1pZA",
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
    authenticated_at=NOW - timedelta(minutes=5),
    methods=(Method.PASSWORD, Method.OTP),
)
PAYLOAD: Mapping[str, object] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": str(CLAIMS.user_id),
    "sid": str(CLAIMS.session_id),
    "gen": 3,
    "jti": CLAIMS.token_id,
    "role": "user",
    "client_id": AUDIENCE,
    "auth_time": SECONDS - 300,
    "amr": ["pwd", "otp"],
    "acr": "aal2",
    "iat": SECONDS,
    "exp": SECONDS + 900,
}
HEADER: Mapping[str, object] = {"typ": "at+jwt", "alg": "ES256", "kid": KEY.kid}


def server(issuer: str = ISSUER, audience: str = AUDIENCE) -> SignedAccessTokens:
    """A server with one key."""
    tokens = SignedAccessTokens(issuer, [audience], audience, SECRETS)
    tokens.use(make_key_ring(KEY, now=NOW))
    return tokens


def own_private_key() -> EllipticCurvePrivateKey:
    """The private part of the server's key."""
    encoded = PrivateKeySeal(SECRETS).unseal(KEY.sealed_private_key, KEY.kid)
    assert encoded is not None
    private = load_der_private_key(encoded, password=None)
    assert isinstance(private, EllipticCurvePrivateKey)
    return private


def stranger() -> EllipticCurvePrivateKey:
    """An attacker's key."""
    return generate_private_key(SECP256R1())


def encoded(part: bytes | Mapping[str, object]) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(
    header: bytes | Mapping[str, object] = HEADER,
    payload: bytes | Mapping[str, object] = PAYLOAD,
    key: EllipticCurvePrivateKey | None = None,
) -> str:
    """A compact JWS, correctly signed with ES256 by the server's key or `key`, whatever it says."""
    signed = f"{encoded(header)}.{encoded(payload)}"
    r, s = decode_dss_signature((key or own_private_key()).sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def changed(**claims: object) -> str:
    """A token signed by the server's key with other claims; None takes one away."""
    payload = {**PAYLOAD, **claims}
    return forged(payload={name: value for name, value in payload.items() if value is not None})


def refused(token: str) -> bool:
    """Whether the server reads nothing; asked twice, so that nothing hostile is remembered as good."""
    tokens = server()
    return tokens.read(token, NOW) is None and tokens.read(token, NOW) is None
