"""An authenticator in software: it makes and uses passkeys as phones do, and forges what a test asks for."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

Json = dict[str, Any]

ES256, EDDSA, RS256, ES384 = -7, -8, -257, -35
PRESENT, VERIFIED, MAY_BE_SYNCED, BACKED_UP, HAS_KEY = 1, 4, 8, 16, 64


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """One passkey in the authenticator."""

    algorithm: int
    user_handle: bytes
    id: bytes = field(default_factory=lambda: token_bytes(16))
    private: Any = None
    sign_count: int = 0

    def __post_init__(self) -> None:
        match self.algorithm:
            case -8:
                self.private = ed25519.Ed25519PrivateKey.generate()
            case -257:
                self.private = rsa.generate_private_key(65537, 2048)
            case -35:
                self.private = ec.generate_private_key(ec.SECP384R1())
            case _:
                self.private = ec.generate_private_key(ec.SECP256R1())

    def cose(self) -> Json | dict[int, Any]:
        """RFC 9053 section 7, RFC 8230."""
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return {1: 1, 3: self.algorithm, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        if isinstance(numbers, rsa.RSAPublicNumbers):
            return {1: 3, 3: self.algorithm, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)}
        size, curve = (32, 1) if self.algorithm == ES256 else (48, 2)
        return {1: 2, 3: self.algorithm, -1: curve, -2: numbers.x.to_bytes(size), -3: numbers.y.to_bytes(size)}

    def sign(self, content: bytes) -> bytes:
        match self.private:
            case ed25519.Ed25519PrivateKey():
                return self.private.sign(content)
            case rsa.RSAPrivateKey():
                return self.private.sign(content, padding.PKCS1v15(), SHA256())
            case _:
                signature: bytes = self.private.sign(content, ec.ECDSA(SHA256()))
                return signature


@dataclass
class Forged:
    """What differs from an honest ceremony; None leaves a part as it is."""

    challenge: bytes | None = None
    origin: str | None = None
    rp_id: str | None = None
    flags: int | None = None
    type: str | None = None
    cross_origin: bool | None = None
    sign_count: int | None = None
    user_handle: bytes | None = None
    signature: bytes | None = None
    attestation_object: bytes | None = None
    client_data: bytes | None = None
    authenticator_data: bytes | None = None
    id: bytes | None = None
    cose: Any = None
    aaguid: bytes = bytes(16)


HONEST = Forged()


@dataclass
class Authenticator:
    """A device at `origin`: `https://app.example.com`, or `android:apk-key-hash:…` for an app.

    `counts` is whether it counts its uses, as security keys do; synced passkeys don't.
    """

    origin: str
    algorithm: int = ES256
    counts: bool = False
    is_synced: bool = True
    keys: list[Key] = field(default_factory=list)

    def create(self, options: Json, forged: Forged = HONEST) -> Json:
        """RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON."""
        key = Key(self.algorithm, decoded(options["user"]["id"]))
        self.keys.append(key)
        id_ = forged.id or key.id
        attested = forged.aaguid + len(id_).to_bytes(2) + id_ + cbor2.dumps(forged.cose or key.cose())
        data = self._data(options["rp"]["id"], HAS_KEY, key, forged) + attested
        data = data if forged.authenticator_data is None else forged.authenticator_data
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return {
            "id": encoded(key.id),
            "rawId": encoded(key.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(self._client_data("webauthn.create", options, forged)),
                "attestationObject": encoded(
                    statement if forged.attestation_object is None else forged.attestation_object
                ),
                "transports": ["internal", "hybrid"],
            },
        }

    def get(self, options: Json, forged: Forged = HONEST, key: Key | None = None) -> Json:
        """AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON, with the newest passkey or `key`."""
        key = key or self.keys[-1]
        if self.counts:
            key.sign_count += 1
        data = self._data(options["rpId"], 0, key, forged)
        client_data = self._client_data("webauthn.get", options, forged)
        signature = key.sign(data + sha256(client_data).digest())
        handle = key.user_handle if forged.user_handle is None else forged.user_handle
        return {
            "id": encoded(forged.id or key.id),
            "rawId": encoded(forged.id or key.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data),
                "authenticatorData": encoded(data if forged.authenticator_data is None else forged.authenticator_data),
                "signature": encoded(signature if forged.signature is None else forged.signature),
                "userHandle": encoded(handle),
            },
        }

    def _data(self, rp_id: str, more_flags: int, key: Key, forged: Forged) -> bytes:
        synced = MAY_BE_SYNCED | BACKED_UP if self.is_synced else 0
        flags = PRESENT | VERIFIED | synced if forged.flags is None else forged.flags
        count = key.sign_count if forged.sign_count is None else forged.sign_count
        hashed = sha256((forged.rp_id or rp_id).encode()).digest()
        return hashed + bytes([flags | more_flags]) + count.to_bytes(4)

    def _client_data(self, type: str, options: Json, forged: Forged) -> bytes:
        if forged.client_data is not None:
            return forged.client_data
        said: Json = {
            "type": forged.type or type,
            "challenge": options["challenge"] if forged.challenge is None else encoded(forged.challenge),
            "origin": forged.origin or self.origin,
        }
        if forged.cross_origin is not None:
            said["crossOrigin"] = forged.cross_origin
        return json.dumps(said).encode()
