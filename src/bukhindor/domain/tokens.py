"""The content of the two tokens, before they are signed and after they are checked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.sign_in_method import Level, Method, level_of
from bukhindor.domain.user import Role, User


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The content of an access token (RFC 9068).

    `role`, `authenticated_at` and `methods` are for other services; this one reads them from the store.
    """

    user_id: UUID
    session_id: UUID
    generation: int
    role: Role
    token_id: str
    issued_at: datetime
    expires_at: datetime
    authenticated_at: datetime
    methods: tuple[Method, ...]

    @property
    def level(self) -> Level:
        return level_of(self.methods)

    @classmethod
    def of(cls, session: Session, user: User, token_id: str, now: datetime, policy: SessionPolicy) -> Self:
        """The claims for the newest generation; the token never outlives its session."""
        expires_at = min(now + policy.access_token, session.ends_at(policy, user.role))
        return cls(
            user.id,
            session.id,
            session.generation,
            user.role,
            token_id,
            now,
            expires_at,
            session.authenticated_at,
            session.methods,
        )

    def fit(self, session: Session) -> bool:
        """Whether the session is the one of this token; an old backup may not know the token's generation."""
        return self.user_id == session.user_id and self.generation <= session.generation


@dataclass(frozen=True, slots=True)
class RefreshTicket:
    """The parts of a refresh token that is not yet known to be genuine: checking that takes the seed of its session."""

    session_id: UUID
    generation: int
    proof: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens that a client receives; lifetimes in whole seconds from now.

    `device_proof` shows at later sign-ins that the client was signed in to this account before. `merged_from` is the
    guest whose account was merged into this one by the sign-in.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int
    device_proof: str = field(repr=False)
    merged_from: UUID | None = None
