"""Signing in at another provider in a browser: what is remembered on the way, and what the app gets at the end.

RFC 6749 (code), RFC 7636 (PKCE), RFC 8252 (apps), RFC 9207 (issuer), RFC 9700 (what attackers try).
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.identity import IdentityClaims, ProviderGrant

FLOW_LIFE = timedelta(minutes=10)
"""How long a person may take at the provider."""

CODE_LIFE = timedelta(seconds=60)
"""How long an app may take to redeem the code."""

LONGEST_TOKEN = 2048
"""Characters of a refresh token that the code of an app has room for: it travels in an address, with all claims."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_LONGEST_STATE = 500
# The person has declined; the second is Apple's.
_DECLINED = frozenset({"access_denied", "user_cancelled_authorize"})


class CodeChallenge(str):
    """The S256 challenge of an app: the SHA-256 of its verifier in 43 characters of base64url (RFC 7636)."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for any other text."""
        if _CHALLENGE.fullmatch(raw) is None:
            raise InvalidValue(
                cls,
                "This must be the SHA-256 of the code_verifier in 43 characters of base64url.",
                "invalid_code_challenge",
            )
        return cls(raw)


class CodeVerifier(str):
    """The secret behind a challenge: 43 to 128 characters (RFC 7636 section 4.1)."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for any other text."""
        if _VERIFIER.fullmatch(raw) is None:
            raise InvalidValue(
                cls,
                "This must have 43 to 128 characters: letters without accents, digits, and -._~.",
                "invalid_code_verifier",
            )
        return cls(raw)

    @property
    def challenge(self) -> str:
        """The challenge that S256 makes of it."""
        return base64url(sha256(self.encode()).digest())

    def __repr__(self) -> str:
        return "CodeVerifier(…)"


class AppState(str):
    """What an app gets back unchanged: at most 500 visible characters of ASCII."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for any other text."""
        if len(raw) > _LONGEST_STATE or _VISIBLE.fullmatch(raw) is None:
            raise InvalidValue(cls, "This must have at most 500 visible characters of ASCII.", "invalid_state")
        return cls(raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a sign-in ends: an address from the exact list, the app's challenge, and what the app gets back.

    `session_id` is the session whose account gets the identity, None when the sign-in begins a session.
    """

    redirect_uri: str
    challenge: str
    app_state: str = ""
    session_id: UUID | None = None

    def with_answer(self, answer: Mapping[str, str]) -> str:
        """The address with the answer added to its query, which stays as it is (RFC 6749 section 3.1.2)."""
        state = {"state": self.app_state} if self.app_state else {}
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode({**answer, **state})}"


@dataclass(frozen=True, slots=True)
class Departure:
    """How a browser leaves: for an address at the provider, keeping `browser` in a cookie, so that it alone can come
    back: 43 characters of base64url.
    """

    address: str
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFlow:
    """What the server remembers while a person is at the provider. The browser keeps it, sealed, as `state`.

    `secret` is random: the nonce and the verifier towards the provider come from it. `browser` is the SHA-256 of what
    the browser keeps in a cookie.
    """

    provider: str
    destination: Destination
    secret: bytes = field(repr=False)
    browser: bytes
    expires_at: datetime

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> CodeVerifier:
        return CodeVerifier(self._derived("verifier"))

    @property
    def mark(self) -> bytes:
        """32 bytes under which its use is recorded."""
        return sha256(b"web flow" + self.secret).digest()

    def fits(self, provider: str, browser: str | None, now: datetime) -> bool:
        """Whether the answer of `provider` that comes with this cookie belongs to it."""
        return (
            self.provider == provider
            and browser is not None
            and self.browser == browser_mark(browser)
            and now < self.expires_at
        )

    def _derived(self, name: str) -> str:
        return base64url(sha256(name.encode() + self.secret).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenIdentity:
    """What an app gets at the end, sealed, as `code`: a verified identity, for who knows the verifier.

    `name` is what the person told the provider besides, unverified. `session_id` is the session whose account gets the
    identity, None when the sign-in begins a session.
    """

    claims: IdentityClaims
    name: str | None
    grant: ProviderGrant | None = field(repr=False)
    challenge: str
    session_id: UUID | None
    expires_at: datetime

    def is_for(self, verifier: CodeVerifier, session_id: UUID | None, now: datetime) -> bool:
        return self.challenge == verifier.challenge and self.session_id == session_id and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """What a browser brings from the provider (RFC 6749 section 4.1.2, RFC 9207). `name` is Apple's, unverified."""

    state: str
    code: str | None = field(default=None, repr=False)
    issuer: str | None = None
    error: str | None = None
    name: str | None = None

    @property
    def refusal(self) -> str:
        """The word that the app reads when the provider gave no code."""
        return "access_denied" if self.error in _DECLINED else "provider_refused"


@dataclass(frozen=True, slots=True)
class WebFlowAddresses:
    """Where providers send browsers back to, by the provider's name, and where a sign-in may end."""

    callback_of: Callable[[str], str]
    allowed: frozenset[str] = frozenset()


def browser_mark(browser: str) -> bytes:
    """What a flow remembers of the browser that began it."""
    return sha256(b"browser" + browser.encode()).digest()


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
