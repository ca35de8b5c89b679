"""Turning a session into the tokens that a client receives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bukhindor.domain.custom_claims import CustomClaim, custom_claims
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import AccessClaims, TokenPair
from bukhindor.domain.user import User
from bukhindor.ports.secrets import AccessTokens, DeviceProofs, RefreshTokens
from bukhindor.ports.system import Identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Shared by sign-in, refresh and password change: tokens of a session's newest generation."""

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    device_proofs: DeviceProofs
    identifiers: Identifiers
    policy: SessionPolicy
    custom_claims: Sequence[CustomClaim] = ()

    def require_key(self) -> None:
        """Call this before anything is written: a session whose tokens can't be signed must not begin.

        Raises StoreUnavailable while no signing key could be loaded.
        """
        if not self.access_tokens.can_sign():
            raise StoreUnavailable

    def issue(self, session: Session, user: User, now: datetime, merged: PresentedGuest | None = None) -> TokenPair:
        """Issue a new access token with the refresh token of this generation; lifetimes in whole seconds."""
        claims = AccessClaims.of(session, user, self.identifiers.token_id(), now, self.policy)
        return TokenPair(
            access_token=self.access_tokens.issue(claims, custom_claims(self.custom_claims, user)),
            refresh_token=self.refresh_tokens.derive(session),
            expires_in=int((claims.expires_at - now).total_seconds()),
            refresh_expires_in=int((session.ends_at(self.policy, user.role) - now).total_seconds()),
            device_proof=self.device_proofs.issue(user.id, session.id, now),
            merged_from=None if merged is None else merged.user_id,
        )
