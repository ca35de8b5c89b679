"""New ES256 key pairs."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.signing_key import SigningKey


class Es256SigningKeyMaker:
    """P-256 key pairs for ES256 (RFC 7518 section 3.4), named by their JWK thumbprint (RFC 7638)."""

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._seal = PrivateKeySeal(secret_keys)

    def make(self, now: datetime) -> SigningKey:
        """Make a key pair, its private part (PKCS #8, DER) sealed under the server's first secret."""
        private_key = generate_private_key(SECP256R1())
        public = ECKey.import_key(private_key.public_key())
        kid = public.thumbprint()
        point = public.as_dict(private=False)
        public_jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": str(point["x"]),
            "y": str(point["y"]),
            "kid": kid,
            "use": "sig",
            "alg": "ES256",
        }
        encoded = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return SigningKey(kid, public_jwk, self._seal.seal(encoded, kid), created_at=now)
