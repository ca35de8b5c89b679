"""Whether a token is good at this moment, for other services (RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime

from bukhindor.domain.caller import CallingService
from bukhindor.domain.errors import InvalidAccessToken, InvalidRefreshToken, RefreshTokenReused
from bukhindor.domain.service_key import Scope
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import AccessClaims
from bukhindor.domain.user import User
from bukhindor.ports.secrets import RefreshTokens
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Reads
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading


@dataclass(frozen=True, slots=True)
class ActiveToken:
    """A token that is good now; `claims` are those of an access token, None for a refresh token."""

    user: User
    session: Session
    expires_at: datetime
    claims: AccessClaims | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    transactions: Reads[HasSessions]
    token_reading: AccessTokenReading
    refresh_tokens: RefreshTokens
    policy: SessionPolicy
    clock: Clock

    async def introspect(self, service: CallingService, token: str) -> ActiveToken | None:
        """Tell whether an access token or a refresh token is good at this moment, and what it stands for.

        After a logout, a ban, a deletion, a new password or a new role a token is not active any more, whatever its
        `exp` says. Where a second factor is required, no access token of a session without one is active. An inactive
        token, and any other text, gets `{"active": false}` and nothing else.
        `token_type_hint` is not needed: the forms of the two tokens differ. Only access tokens have a `token_type`; a
        service must not accept a refresh token in their place.

        Raises MissingScope.
        """
        service.require(Scope.TOKENS_INTROSPECT)
        now = self.clock.now()
        return await self._as_access_token(token, now) or await self._as_refresh_token(token, now)

    async def _as_access_token(self, token: str, now: datetime) -> ActiveToken | None:
        try:
            claims = await self.token_reading.read(token, now)
            session, user = await self.token_reading.session_of(claims, now)
        except InvalidAccessToken:
            return None
        if session.has_superseded(claims.generation) or not user.is_active_at(now):
            return None
        if session.lacks_factor(self.policy, user.role):
            return None
        # The client sent it to another service: its tokens have arrived.
        await self.token_reading.record_use(session, claims, now)
        return ActiveToken(user, session, claims.expires_at, claims)

    async def _as_refresh_token(self, token: str, now: datetime) -> ActiveToken | None:
        for ticket in self.refresh_tokens.read(token):
            async with self.transactions.read() as stored:
                found = await stored.sessions.with_user(ticket.session_id)
            if found is None or not self.refresh_tokens.is_genuine(ticket, found[0]):
                continue
            session, user = found
            if session.is_over_at(now, self.policy, user.role) or not user.is_active_at(now):
                return None
            try:
                session.rotated(ticket.generation, now)
            except (InvalidRefreshToken, RefreshTokenReused):
                # Nothing ends here: the service only asks.
                return None
            return ActiveToken(user, session, session.ends_at(self.policy, user.role))
        return None
