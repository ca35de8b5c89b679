"""Keys of a provider, and tokens that are signed with them, right or wrong."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

Jwk = dict[str, Any]


@dataclass(frozen=True)
class SigningKey:
    """A private key with its name; `algorithm` is what it signs with."""

    kid: str
    algorithm: str
    key: Any

    @property
    def public(self) -> Jwk:
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    @property
    def private(self) -> Jwk:
        return {**self.key.as_dict(private=True), "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def sign(self, claims: object, **header: Any) -> str:
        """A compact JWS; `header` replaces what would stand there, and None leaves it out."""
        whole = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **header}
        return signed({name: value for name, value in whole.items() if value is not None}, claims, self)


def signed(header: Mapping[str, Any], claims: object, key: SigningKey) -> str:
    """Whatever the header says, the signature is one of the key's own algorithm."""
    covered = f"{encoded(header)}.{encoded(claims)}"
    signature = JWSRegistry.algorithms[key.algorithm].sign(covered.encode(), key.key)
    return f"{covered}.{packed(signature)}"


def encoded(content: object) -> str:
    return packed(json.dumps(content).encode())


def packed(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


# Making an RSA key takes a tenth of a second and more.
@cache
def rsa(kid: str, algorithm: str = "RS256", bits: int = 2048) -> SigningKey:
    made = generate_private_key(public_exponent=65537, key_size=bits)
    if bits >= 2048:
        return SigningKey(kid, algorithm, RSAKey.import_key(made))
    # joserfc warns of a weak key, which is what some tests want to have.
    return SigningKey(kid, algorithm, _Weak(made))


class _Weak(RSAKey):
    def __init__(self, made: Any) -> None:
        super().__init__(made, made)


def ec(kid: str, curve: str = "P-256") -> SigningKey:
    return SigningKey(kid, "ES256" if curve == "P-256" else "ES384", ECKey.generate_key(curve))


def ed(kid: str) -> SigningKey:
    return SigningKey(kid, "EdDSA", OKPKey.generate_key("Ed25519"))


def apple_key_file(key: SigningKey) -> str:
    """The private key as Apple hands it out: PKCS 8 in PEM."""
    pem: bytes = key.key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def public_key(jwk: Jwk) -> Any:
    return import_key({name: value for name, value in jwk.items() if name not in ("alg", "use")})
