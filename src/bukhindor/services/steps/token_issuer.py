"""Turning a session into the pair of tokens that a client receives."""

from datetime import datetime

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import AccessClaims, TokenPair
from bukhindor.domain.user import User
from bukhindor.ports import AccessTokens, DeviceProofs, Identifiers, RefreshTokens


class TokenIssuer:
    """What sign-in, refresh and password change share: tokens of a session's newest generation."""

    def __init__(
        self,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        device_proofs: DeviceProofs,
        identifiers: Identifiers,
        policy: SessionPolicy,
    ) -> None:
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._device_proofs = device_proofs
        self._identifiers = identifiers
        self._policy = policy

    def require_key(self) -> None:
        """To be asked before anything is written: a session that nobody can be told of must not begin.

        Raises StoreUnavailable while no signing key could be loaded.
        """
        if not self._access_tokens.can_sign():
            raise StoreUnavailable

    def issue(self, session: Session, user: User, now: datetime) -> TokenPair:
        """A fresh access token beside the one refresh token of this generation; lifetimes in whole seconds."""
        claims = AccessClaims.of(session, user, self._identifiers.token_id(), now, self._policy)
        return TokenPair(
            access_token=self._access_tokens.issue(claims),
            refresh_token=self._refresh_tokens.derive(session),
            expires_in=int((claims.expires_at - now).total_seconds()),
            refresh_expires_in=int((session.ends_at(self._policy, user.role) - now).total_seconds()),
            device_proof=self._device_proofs.issue(user.id, session.id, now),
        )
