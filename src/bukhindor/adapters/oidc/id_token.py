"""ID tokens (OpenID Connect Core 1.0 sections 2 and 3.1.3.7, RFC 7519), hardened as RFC 8725 asks."""

import hmac
import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from bukhindor.adapters.oidc.metadata import is_name_of
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.identity import MAX_SUBJECT, IdentityClaims, ProviderSettings, is_relay_address
from bukhindor.domain.text import has_unsafe_characters

MAX_AGE = timedelta(minutes=10)
LEEWAY = timedelta(seconds=60)

_LONGEST = 16_384
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LONGEST_KID = 512
# Headers that would bring a key along, or change what the signature covers or the payload is.
_REFUSED_HEADERS = frozenset("crit jku jwk x5u x5c b64 cty enc zip".split())
_LAST_MOMENT = 253_402_300_799  # the end of the year 9999
_LONGEST_NAME = 200
_MOST_METHODS, _LONGEST_METHOD = 20, 64


class Refused(Exception):
    """The token is not accepted; the text says why, for the log. It repeats nothing of the token."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token of the right form, of which nothing is verified. `signed` is what the signature covers."""

    algorithm: str
    kid: str | None
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def read_token(token: str) -> Unverified:
    """Raises Refused for everything but a JWS in compact form with a JSON object in it."""
    if len(token) > _LONGEST:
        raise Refused("it is too long")
    form = _FORM.fullmatch(token)
    if form is None:
        raise Refused("it is not a signed token in compact form")
    header, claims = _object(form[1], "header"), _object(form[2], "payload")
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str):
        raise Refused("its header names no algorithm")
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise Refused("its header brings a key, or an extension, along")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= _LONGEST_KID):
        raise Refused("the name of its key is not a text")
    return Unverified(algorithm, kid, claims, token[: form.end(2)].encode("ascii"), _decode(form[3]))


def accept(token: Unverified, settings: ProviderSettings, nonce: str, now: datetime) -> IdentityClaims:
    """What the token says, if that is for one of our clients, and for now. The signature is left to the caller.

    Raises Refused.
    """
    claims = token.claims
    if not is_name_of(settings.issuer, claims.get("iss")):
        raise Refused("it is of another issuer")
    audience = _audience(claims, settings)
    expires_at = _check_times(claims, now)
    if not _is_nonce(claims.get("nonce"), nonce):
        raise Refused("its nonce is missing, or another one")
    subject = subject_in(claims)
    email = address_in(claims.get("email"))
    is_relay = email is not None and is_relay_address(email)
    return IdentityClaims(
        provider=settings.name,
        issuer=settings.issuer,
        subject=subject,
        audience=audience,
        email=email,
        is_email_verified=email is not None
        and _is_true(claims.get("email_verified"))
        and (settings.vouches_for_relay or not is_relay),
        is_private_email=settings.vouches_for_relay
        and email is not None
        and (is_relay or _is_true(claims.get("is_private_email"))),
        name=_name(claims.get("name")),
        amr=tuple(_methods(claims.get("amr"))),
        # Of what is signed: a holder of an ES256 signature can make a second one for the same token.
        token_hash=sha256(token.signed).digest(),
        expires_at=expires_at,
    )


def subject_in(claims: Mapping[str, Any]) -> str:
    """The account at the provider. Raises Refused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or has_unsafe_characters(subject):
        raise Refused("its subject is missing or malformed")
    return subject


def _audience(claims: Mapping[str, Any], settings: ProviderSettings) -> str:
    """The client that the token is for (section 3.1.3.7, steps 3 to 5)."""
    named = claims.get("aud")
    audiences = [named] if isinstance(named, str) else named
    if not isinstance(audiences, list) or not audiences:
        raise Refused("it has no audience")
    if not all(isinstance(audience, str) and audience in settings.client_ids for audience in audiences):
        raise Refused("it is for a client that is not among the client ids of the provider")
    party = claims.get("azp")
    if party is None and len(audiences) > 1:
        raise Refused("it is for several clients and names no authorized party")
    if party is not None and party not in settings.client_ids:
        raise Refused("its authorized party is not among the client ids of the provider")
    return str(audiences[0]) if len(audiences) == 1 or party not in audiences else str(party)


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    """From when on every server refuses the token, of which this one may have the fastest clock."""
    ends, issued = instant(claims, "exp"), instant(claims, "iat")
    if now >= ends + LEEWAY:
        raise Refused("it has expired")
    if issued > now + LEEWAY:
        raise Refused("it is from the future")
    if now - issued >= MAX_AGE:
        raise Refused("it is older than ten minutes")
    if "nbf" in claims and instant(claims, "nbf") > now + LEEWAY:
        raise Refused("it is not valid yet")
    return min(ends + LEEWAY, issued + MAX_AGE) + LEEWAY


def instant(claims: Mapping[str, Any], name: str) -> datetime:
    """Raises Refused when the claim is no timestamp."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_MOMENT - 86_400:
        raise Refused(f"its {name} is missing or no time")
    return datetime.fromtimestamp(value, UTC)


def _is_nonce(found: object, nonce: str) -> bool:
    """Whether it is the nonce, or the SHA-256 of it as apps send it: in hexadecimal digits or base64url."""
    if not isinstance(found, str) or not nonce:
        return False
    plain = nonce.encode("utf-8", "surrogatepass")
    digest = sha256(plain)
    encoded = urlsafe_b64encode(digest.digest())
    right = (plain, digest.hexdigest().encode(), encoded, encoded.rstrip(b"="))
    return any(hmac.compare_digest(found.encode("utf-8", "surrogatepass"), form) for form in right)


def address_in(value: object) -> EmailAddress | None:
    """None for what can't be an address, and for a spelling that an address here has only once it is simplified.

    The provider vouches for the mailbox that it wrote to: `vıctim@example.com`, with a dotless i, may be another one
    than the `victim@example.com` that a person would mean here (CVE-2019-19844).
    """
    if not isinstance(value, str) or not _is_plain(value.strip()):
        return None
    try:
        return EmailAddress.parse(value)
    except InvalidValue:
        return None


def _is_plain(text: str) -> bool:
    """Whether upper case is all that tells the address from its canonical form."""
    local, _, domain = text.rpartition("@")
    return local.isascii() and "İ" not in domain and unicodedata.is_normalized("NFKC", domain)


def _is_true(value: object) -> bool:
    """Apple has sent booleans as texts."""
    return value is True or value == "true"


def _name(value: object) -> str | None:
    name = value.strip() if isinstance(value, str) else ""
    return name if name and len(name) <= _LONGEST_NAME and not has_unsafe_characters(name) else None


def _methods(value: object) -> Iterator[str]:
    for method in value[:_MOST_METHODS] if isinstance(value, list) else ():
        if isinstance(method, str) and len(method) <= _LONGEST_METHOD:
            yield method


def _object(part: str, what: str) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(_decode(part))
    except (ValueError, RecursionError) as error:
        raise Refused(f"its {what} is not JSON") from error
    if not isinstance(content, dict):
        raise Refused(f"its {what} is not a JSON object")
    return content


def _decode(part: str) -> bytes:
    """Raises Refused unless this is the one way to write these bytes: another spelling would be another token."""
    if len(part) % 4 == 1:
        raise Refused("a part of it is not base64url")
    decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii") != part:
        raise Refused("a part of it has two spellings")
    return decoded
