"""How this service proves to a provider that it is the client (RFC 6749 section 2.3, RFC 9700 section 2.5)."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.jwk import ECKey

from bukhindor.adapters.oidc.metadata import Metadata
from bukhindor.adapters.oidc.outbound import Unusable
from bukhindor.domain.identity import AppleKey, ProviderSettings

LIFE = timedelta(minutes=10)
"""Apple would take half a year; nothing needs that."""

_RENEWED_BEFORE = timedelta(minutes=5)


class AppleClientSecret:
    """A JWT that is signed with the key file from Apple and takes the place of a secret."""

    def __init__(self, key: AppleKey, audience: str) -> None:
        self._key, self._audience = key, audience
        self._private: ECKey | None = None
        self._made: dict[str, tuple[str, datetime]] = {}

    def of(self, client_id: str, now: datetime) -> str:
        """Raises Unusable when the key file holds no key for ES256."""
        secret, ends_at = self._made.get(client_id, ("", now))
        if ends_at - now <= _RENEWED_BEFORE or ends_at - now > LIFE:
            secret, ends_at = self._make(client_id, now), now + LIFE
            self._made[client_id] = (secret, ends_at)
        return secret

    def _make(self, client_id: str, now: datetime) -> str:
        if self._private is None:
            self._private = read_apple_key(self._key.pem)
        issued = int(now.timestamp())
        claims = {
            "iss": self._key.team_id,
            "iat": issued,
            "exp": issued + int(LIFE.total_seconds()),
            "aud": self._audience,
            "sub": client_id,
        }
        header = {"alg": "ES256", "kid": self._key.key_id}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._private, ["ES256"])


def read_apple_key(pem: str) -> ECKey:
    """Raises Unusable unless it is a private key on P-256 in PEM, without a passphrase."""
    try:
        private = load_pem_private_key(pem.encode("utf-8", "surrogateescape"), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable("the key file of Apple holds no private key in PEM") from error
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        raise Unusable("the key file of Apple holds a key of another kind than EC on P-256")
    return ECKey.import_key(private)


class ClientProof:
    """What goes into a request to the token endpoint, so that the provider knows its client."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._secret = settings.client_secret
        key = settings.apple_key
        self._apple = None if key is None else AppleClientSecret(key, settings.issuer)

    def of(self, client_id: str, metadata: Metadata, now: datetime) -> tuple[dict[str, str], str | None]:
        """Fields of the form, and the Authorization header, if there is one. Raises Unusable."""
        if self._apple is not None:
            return {"client_id": client_id, "client_secret": self._apple.of(client_id, now)}, None
        if self._secret is None:
            return {"client_id": client_id}, None
        if not metadata.takes_basic:
            return {"client_id": client_id, "client_secret": self._secret}, None
        # Both parts are encoded as in a form first (RFC 6749 section 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(self._secret)}"
        return {}, f"Basic {b64encode(pair.encode('ascii')).decode('ascii')}"
