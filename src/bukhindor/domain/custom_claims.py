"""Claims of access tokens that the operator adds for other services."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from bukhindor.domain.metadata import Metadata
from bukhindor.domain.user import User

MAX_BYTES = 1024
"""Of all custom claims of a token together, as JSON: a token travels with every request."""

# Claims that this server sets or may set one day, and those that change how a verifier treats a token: RFC 7519, 7800,
# 8693, 9068 and OpenID Connect Core.
_RESERVED = frozenset(
    "iss aud sub exp nbf iat jti sid gen role client_id scope auth_time amr acr azp nonce at_hash c_hash typ cnf act "
    "may_act events groups roles entitlements authorization_details active".split()
)
_NAME = re.compile(r"[!-+\--~]{1,128}")
_METADATA = re.compile(r"(metadata|app_metadata)\.([^,\s]{1,128})")

_FIELDS: Mapping[str, Callable[[User], Any]] = {
    "email": lambda user: str(user.email),
    "email_verified": lambda user: user.email_verified,
    "name": lambda user: str(user.name),
    "role": lambda user: user.role.value,
    "is_guest": lambda user: user.is_guest,
    "status": lambda user: user.status.value,
    "language": lambda user: None if user.language is None else str(user.language),
}


@dataclass(frozen=True, slots=True)
class CustomClaim:
    """A claim and where its value comes from: a field of the user, or a member of their metadata."""

    name: str
    source: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name:source`, such as `plan:app_metadata.plan`. Raises ValueError with a sentence."""
        name, _, source = text.rpartition(":")
        if _NAME.fullmatch(name) is None:
            raise ValueError(f'"{text}" is not a claim and its source with a colon between them')
        if name in _RESERVED:
            raise ValueError(f'"{name}" is reserved: the server or a standard gives this claim its meaning')
        if source not in _FIELDS and _METADATA.fullmatch(source) is None:
            known = ", ".join(_FIELDS)
            raise ValueError(f'"{source}" is not one of {known}, metadata.<member>, app_metadata.<member>')
        return cls(name, source)

    def __str__(self) -> str:
        return f"{self.name}:{self.source}"

    def value_for(self, user: User) -> Any:
        """The value for this user; None when they have none."""
        if self.source in _FIELDS:
            return _FIELDS[self.source](user)
        document, _, member = self.source.partition(".")
        stored: Metadata = user.metadata if document == "metadata" else user.app_metadata
        return json.loads(stored.text).get(member)


def custom_claims(claims: Iterable[CustomClaim], user: User) -> dict[str, Any]:
    """The claims that have a value, in the operator's order, as far as they fit into MAX_BYTES together."""
    found: dict[str, Any] = {}
    left = MAX_BYTES
    for claim in claims:
        value = claim.value_for(user)
        size = len(json.dumps({claim.name: value}, separators=(",", ":")))
        if value is not None and size <= left:
            found[claim.name] = value
            left -= size
    return found
