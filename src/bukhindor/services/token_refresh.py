"""A refresh token becomes the next pair of tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidRefreshToken, RefreshTokenReused
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import REFRESHES_PER_SESSION
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import RefreshTicket, TokenPair
from bukhindor.domain.user import User
from bukhindor.ports.secrets import RefreshTokens
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(HasSessions, HasAuditEvents, Transaction, Protocol):
    """What a refresh needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefresh:
    transactions: Writes[_Writing]
    refresh_tokens: RefreshTokens
    token_issuer: TokenIssuer
    trail: AuditTrail
    limiter: RateLimiter
    policy: SessionPolicy
    clock: Clock

    async def refresh(self, token: str, origin: Origin, app_version: str | None = None) -> TokenPair:
        """Exchange a refresh token for the next tokens of its session.

        If the successor of a token was never used, or was issued less than ten seconds ago (thirty, as the clocks of
        two servers may be twenty apart), you get that same successor again: responses get lost, and tabs race. An older
        token must be a copy: its session is revoked, other sessions continue. A session gets at most 60 new generations
        in five minutes. It takes over the version of your app.

        Raises InvalidRefreshToken, RefreshTokenReused, AccountBanned, AccountInactive, RateLimited.
        """
        tickets = tuple(self.refresh_tokens.read(token))
        if not tickets:
            raise InvalidRefreshToken

        self.token_issuer.require_key()
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            generation, session, user = await self._find(tx, tickets)
            if session.is_over_at(now, self.policy, user.role):
                raise InvalidRefreshToken
            user.refuse_unless_active(now)
            try:
                rotated = session.rotated(generation, now)
            except RefreshTokenReused:
                await tx.sessions.remove(session.id)
                caller = Caller(user, session, origin)
                await tx.audit_events.add(self.trail.by(caller, AuditType.REFRESH_TOKEN_REUSED, now))
                await tx.commit()
                raise
            if rotated.generation != session.generation:
                # Counted here: earlier, a client that knows a session's id could use its budget up, and a repetition of
                # the same successor must not count. The limiter responds in a fraction of a second in every case.
                await self.limiter.take(REFRESHES_PER_SESSION, str(session.id))
            rotated = rotated.with_app_version(app_version)
            if rotated is not session:
                await tx.sessions.save(rotated)
                await tx.commit()
        return self.token_issuer.issue(rotated, user, now)

    async def _find(self, stored: HasSessions, tickets: Iterable[RefreshTicket]) -> tuple[int, Session, User]:
        for ticket in tickets:
            found = await stored.sessions.with_user(ticket.session_id)
            if found is not None and self.refresh_tokens.is_genuine(ticket, found[0]):
                return ticket.generation, *found
        raise InvalidRefreshToken
