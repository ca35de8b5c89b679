"""Access tokens: JWTs signed with ES256 (RFC 7519, RFC 9068), hardened as RFC 8725 asks."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec

from bukhindor.adapters import leaving_out
from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.signing_key import KeyRing, SigningKey
from bukhindor.domain.tokens import AccessClaims
from bukhindor.domain.user import Role
from bukhindor.ports.secrets import NO_CUSTOM_CLAIMS

# bcrypt is for the keys of SSH.
with leaving_out("bcrypt"):
    from cryptography.hazmat.primitives.serialization import load_der_private_key
    from joserfc.jwk import ECKey
    from joserfc.jws import JWSRegistry

# A cookie with the token must have less than 4096 bytes.
_MAX_LENGTH = 3840
# Three parts of base64url; a signature has 86 characters, the last of which has four canonical values.
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{85}[AQgw])")
_LAST_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())

_METHODS: dict[str, Method] = {method.value: method for method in Method}

_Moment = Annotated[int, msgspec.Meta(ge=0, le=_LAST_MOMENT)]
_CanonicalUuid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


class _Payload(msgspec.Struct, frozen=True, omit_defaults=True):
    """The claims in the token; times are whole seconds since 1970."""

    iss: str
    aud: str | list[str]
    sub: _CanonicalUuid
    sid: _CanonicalUuid
    gen: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)]
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    role: Role
    iat: _Moment
    exp: _Moment
    client_id: str = ""
    nbf: _Moment = 0
    auth_time: _Moment = 0
    amr: tuple[str, ...] = ()
    acr: str = ""


@dataclass(frozen=True, slots=True)
class _RingKey:
    signing_key: SigningKey
    header: str
    public: ECKey


@dataclass(frozen=True, slots=True)
class _Verified:
    """Claims with a valid signature, their period of validity (leeway included), and the header of their key.

    Our own tokens are valid from the beginning of time.
    """

    claims: AccessClaims
    starts_at: datetime | None
    ends_at: datetime
    header: str


class SignedAccessTokens:
    """ES256 tokens of one issuer for its audiences, of which the first is this server; `client_id` is a claim that RFC
    9068 demands.

    A token is read under a key of the ring only if its first segment is, byte for byte, the one that we write for that
    key. A stranger's header is never decoded, so there is no algorithm to confuse, no embedded or remote key, no
    `crit`, no compression and no second spelling of anything.

    `leeway` allows for the differing clocks of other servers. `iat` says when a token was issued, not from when on it
    is valid: a token that seems to come from the future was issued by a server whose clock is ahead, or before this
    server's clock was set back (RFC 7519 section 4.1.6). The `cache_size` tokens used last are remembered with
    their claims: that saves the signature check, but never the check of the time.
    """

    def __init__(
        self,
        issuer: str,
        audiences: Sequence[str],
        client_id: str,
        secret_keys: SecretKeys,
        leeway: timedelta = timedelta(seconds=10),
        cache_size: int = 20_000,
    ) -> None:
        self._issuer = issuer
        self._audiences = list(audiences)
        self._client_id = client_id
        self._seal = PrivateKeySeal(secret_keys)
        self._leeway = leeway
        self._cache_size = cache_size
        self._es256 = JWSRegistry(algorithms=["ES256"]).get_alg("ES256")
        self.ring = KeyRing()
        self._entries: dict[str, _RingKey] = {}
        self._signer: tuple[str, ECKey] | None = None
        self._verified: OrderedDict[str, _Verified] = OrderedDict()
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(_Payload)

    def use(self, ring: KeyRing) -> None:
        """Replace the ring: of the keys that may sign, the first that can be unsealed does; all of them verify.

        A public key that is not on P-256 raises an error of joserfc, and the ring stays unchanged.
        """
        known = {entry.signing_key.kid: entry for entry in self._entries.values()}
        entries = {key.kid: self._entry(key, known.get(key.kid)) for key in ring.verifying}
        by_header = {entry.header: entry for entry in entries.values()}
        left = {header for header, entry in self._entries.items() if entry.public is not _public(by_header, header)}
        if left:
            kept = ((token, seen) for token, seen in self._verified.items() if seen.header not in left)
            self._verified = OrderedDict(kept)
        self.ring = ring
        self._entries = by_header
        self._signer = self._first_signer([entries[key.kid] for key in ring.signing])

    def can_sign(self) -> bool:
        """Whether the ring has a key to sign with."""
        return self._signer is not None

    def issue(self, claims: AccessClaims, custom: Mapping[str, Any] = NO_CUSTOM_CLAIMS) -> str:
        """Return a signed compact JWT; fractions of seconds are cut off. Raises RuntimeError unless `can_sign()`."""
        if self._signer is None:
            raise RuntimeError("There is no key to sign access tokens with.")
        header, private = self._signer
        payload = _Payload(
            iss=self._issuer,
            aud=self._audiences[0] if len(self._audiences) == 1 else self._audiences,
            sub=str(claims.user_id),
            sid=str(claims.session_id),
            gen=claims.generation,
            jti=claims.token_id,
            role=claims.role,
            client_id=self._client_id,
            iat=int(claims.issued_at.timestamp()),
            exp=int(claims.expires_at.timestamp()),
            auth_time=int(claims.authenticated_at.timestamp()),
            amr=claims.methods,
            acr=claims.level,
        )
        content: Any = {**msgspec.to_builtins(payload), **custom} if custom else payload
        signed = f"{header}.{_encode(self._encoder.encode(content))}"
        return f"{signed}.{_encode(self._es256.sign(signed.encode('ascii'), private))}"

    def knows_key_of(self, token: str) -> bool:
        """Whether the token names a key of the ring; False may mean that the ring is outdated."""
        return len(token) <= _MAX_LENGTH and token.partition(".")[0] in self._entries

    def read(self, token: str, now: datetime) -> AccessClaims | None:
        """Return the claims of a token that this server signed for itself and that is valid at `now`; None for anything
        else.
        """
        seen = self._genuine(token)
        if seen is None or now >= seen.ends_at or (seen.starts_at is not None and now < seen.starts_at):
            return None
        return seen.claims

    def read_at_any_age(self, token: str) -> AccessClaims | None:
        """Return the claims of a token that this server signed for itself, even if it has expired."""
        seen = self._genuine(token)
        return None if seen is None else seen.claims

    def _genuine(self, token: str) -> _Verified | None:
        if len(token) > _MAX_LENGTH:
            return None
        seen = self._verified.get(token)
        if seen is not None:
            self._verified.move_to_end(token)
        elif (seen := self._verify(token)) is not None:
            self._remember(token, seen)
        return seen

    def _verify(self, token: str) -> _Verified | None:
        form = _FORM.fullmatch(token)
        key = self._entries.get(form[1]) if form is not None else None
        if form is None or key is None:
            return None
        signed = token[: form.end(2)].encode("ascii")
        if not self._es256.verify(signed, _decode(form[3]), key.public):
            return None
        # One of our keys signed this, but perhaps in another release or for another purpose.
        try:
            payload = self._decoder.decode(_decode(form[2]))
        except (ValueError, RecursionError):
            return None
        audiences = [payload.aud] if isinstance(payload.aud, str) else payload.aud
        if payload.iss != self._issuer or not any(audience in self._audiences for audience in audiences):
            return None
        return self._accept(payload, key.header)

    def _accept(self, payload: _Payload, header: str) -> _Verified:
        issued_at = datetime.fromtimestamp(payload.iat, UTC)
        expires_at = datetime.fromtimestamp(payload.exp, UTC)
        starts_at = datetime.fromtimestamp(payload.nbf, UTC) - self._leeway if payload.nbf else None
        claims = AccessClaims(
            user_id=UUID(payload.sub),
            session_id=UUID(payload.sid),
            generation=payload.gen,
            role=payload.role,
            token_id=payload.jti,
            issued_at=issued_at,
            expires_at=expires_at,
            # A token of an earlier release says neither, one of a later release may name a method that is unknown here.
            authenticated_at=datetime.fromtimestamp(payload.auth_time, UTC) if payload.auth_time else issued_at,
            methods=tuple(_METHODS[name] for name in payload.amr if name in _METHODS),
        )
        return _Verified(claims, starts_at, expires_at + self._leeway, header)

    def _remember(self, token: str, seen: _Verified) -> None:
        self._verified[token] = seen
        if len(self._verified) > self._cache_size:
            self._verified.popitem(last=False)

    def _entry(self, key: SigningKey, known: _RingKey | None) -> _RingKey:
        if known is not None and known.signing_key.public_jwk == key.public_jwk:
            return _RingKey(key, known.header, known.public)
        public = ECKey.import_key(dict(key.public_jwk))
        self._es256.check_key(public)
        header = {"typ": "at+jwt", "alg": "ES256", "kid": key.kid}
        return _RingKey(key, _encode(self._encoder.encode(header)), public)

    def _first_signer(self, candidates: Iterable[_RingKey]) -> tuple[str, ECKey] | None:
        for entry in candidates:
            if self._signer is not None and self._signer[0] == entry.header:
                return self._signer
            encoded = self._seal.unseal(entry.signing_key.sealed_private_key, entry.signing_key.kid)
            if encoded is not None:
                private: Any = load_der_private_key(encoded, password=None)
                return entry.header, ECKey.import_key(private)
        return None


def _public(ring: dict[str, _RingKey], header: str) -> ECKey | None:
    entry = ring.get(header)
    return None if entry is None else entry.public


def _encode(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode("ascii")


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
