"""Access tokens: the services they are for, what they say, and the keys that sign them."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bukhindor.config.durations import quoted
from bukhindor.config.sources import Sources
from bukhindor.config.values import duration, duration_or_off, listed, shown_duration_or_off
from bukhindor.domain.custom_claims import CustomClaim
from bukhindor.domain.signing_key import SigningKeyPolicy

_AUDIENCES: tuple[str, ...] = ("bukhindor",)
# The whole token must fit into a cookie beside its other claims.
_LONGEST_NAME, _MOST_AUDIENCES = 128, 5
_NAME = re.compile(rf"[!-+\--~]{{1,{_LONGEST_NAME}}}")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """`audiences` are the values of `aud`, at least one; `client_id` is the claim of that name (RFC 9068)."""

    audiences: tuple[str, ...]
    client_id: str
    claims: tuple[CustomClaim, ...]
    signing_keys: SigningKeyPolicy

    @classmethod
    def read(cls, sources: Sources, *, token_life: timedelta) -> Self:
        audiences = sources.read("TOKEN_AUDIENCE", _audiences, _AUDIENCES, "bukhindor,https://api.example.com")
        return cls(
            audiences=audiences,
            client_id=sources.read("TOKEN_CLIENT_ID", _name, audiences[0], "bukhindor"),
            claims=sources.read("TOKEN_CLAIMS", _claims, (), "plan:app_metadata.plan,email:email"),
            signing_keys=SigningKeyPolicy(
                token_life,
                sources.read("KEY_PUBLICATION_LEAD", duration(timedelta(0), _DAY), timedelta(minutes=20), "20m"),
                sources.read(
                    "KEY_ROTATION", duration_or_off(_DAY, 3650 * _DAY), None, "90d or off", shown_duration_or_off
                ),
            ),
        )


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{quoted(text)} is not 1 to {_LONGEST_NAME} visible ASCII characters without a comma")
    return text


def _audiences(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_name(part) for part in listed(text)))
    if len(found) > _MOST_AUDIENCES:
        raise ValueError(f"these are {len(found)} audiences, at most {_MOST_AUDIENCES} fit into a token")
    return found


def _claims(text: str) -> tuple[CustomClaim, ...]:
    found = tuple(CustomClaim.parse(part) for part in listed(text))
    names = [claim.name for claim in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{quoted(twice)} is named twice")
    return found
