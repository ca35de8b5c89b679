"""The keys that a provider signs with (RFC 7517)."""

import logging
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from bukhindor.adapters.oidc.outbound import Unusable

_log = logging.getLogger(__name__)

_MOST_KEYS = 100
_LONGEST_KID = 512
# NIST SP 800-131A: 2048 bits and more. A key that is far larger would make each verification expensive.
_RSA_BITS = range(2048, 8193)
_ALGORITHMS_OF: dict[tuple[Any, Any], frozenset[str]] = {
    ("RSA", None): frozenset({"RS256", "PS256"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
_PRIVATE = ("d", "k")


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the algorithms that it is for."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether this key made the signature, with one of its algorithms."""
        # Taken from the list of all algorithms: to ask for EdDSA by joserfc's own list is a warning (RFC 9864).
        return JWSRegistry.algorithms[algorithm].verify(signed, signature, self.key)


@dataclass(frozen=True, slots=True)
class KeySet:
    keys: tuple[VerifyingKey, ...]

    def find(self, kid: str | None, algorithm: str) -> VerifyingKey | None:
        """The key that a token names. A token without a name is for the only key there is (OpenID Connect Core 1.0
        section 10.1).
        """
        fitting = [key for key in self.keys if algorithm in key.algorithms and kid in (None, key.kid)]
        if kid is None and len(self.keys) > 1:
            return None
        return fitting[0] if fitting else None


def read_key_set(content: Mapping[str, Any], algorithms: frozenset[str]) -> KeySet:
    """The keys that verify one of the algorithms; others are left out. Raises Unusable when none is left."""
    entries = content.get("keys")
    if not isinstance(entries, list):
        raise Unusable("its key set has no list of keys")
    keys = (_usable(entry, algorithms) for entry in entries[:_MOST_KEYS] if isinstance(entry, dict))
    found = tuple(key for key in keys if key is not None)
    if not found:
        raise Unusable("its key set has no usable key")
    return KeySet(found)


def _usable(entry: dict[str, Any], algorithms: frozenset[str]) -> VerifyingKey | None:
    try:
        return _read(entry, algorithms)
    except Exception as error:
        # A malformed key raises what its decoders raise; the other keys of the set are good all the same.
        _log.debug("a key of a provider is left out: %s", type(error).__name__)
        return None


def _read(entry: dict[str, Any], algorithms: frozenset[str]) -> VerifyingKey | None:
    kid, kind = entry.get("kid"), (entry["kty"], entry.get("crv"))
    fitting = algorithms & _ALGORITHMS_OF.get(kind, frozenset())
    if "alg" in entry:
        fitting &= {entry["alg"]}
    is_for_signatures = entry.get("use", "sig") == "sig" and "verify" in entry.get("key_ops", ["verify"])
    is_named = kid is None or (isinstance(kid, str) and len(kid) <= _LONGEST_KID)
    # With a private key that is published everyone can sign.
    is_public = not any(part in entry for part in _PRIVATE)
    is_strong = entry["kty"] != "RSA" or _bits(entry["n"]) in _RSA_BITS
    if not (fitting and is_for_signatures and is_named and is_public and is_strong):
        return None
    # Without the fields that are checked above: joserfc would check the key for one algorithm, and some are for two.
    plain: dict[str, Any] = {name: entry[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in entry}
    return VerifyingKey(kid, fitting, import_key(plain))


def _bits(modulus: str) -> int:
    return int.from_bytes(urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)), "big").bit_length()
