"""Signing out: a token ends its own session."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, InvalidRefreshToken
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import AccessClaims, RefreshTicket
from bukhindor.domain.user import User
from bukhindor.ports.secrets import RefreshTokens
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading
from bukhindor.services.steps.audit_trail import AuditTrail


@dataclass(frozen=True, slots=True)
class _Tokens:
    """What the presented tokens name: not yet that it exists."""

    claims: AccessClaims | None
    tickets: tuple[RefreshTicket, ...]


class _Writing(HasSessions, HasAuditEvents, Transaction, Protocol):
    """What signing out needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    transactions: Writes[_Writing]
    token_reading: AccessTokenReading
    refresh_tokens: RefreshTokens
    trail: AuditTrail
    policy: SessionPolicy
    clock: Clock

    async def log_out(self, access_token: str | None, refresh_token: str | None, origin: Origin) -> UUID | None:
        """Revoke the session that an access token, a refresh token or both belong to.

        An access token that has expired is accepted, and so are the tokens of a session that has already ended: you can
        sign out after a long pause, and repeat it. A refresh token makes up for a missing or invalid access token. A
        change of your password or role makes older tokens invalid here as well.

        Returns the id of the account whose session ended. Raises InvalidAccessToken, InvalidRefreshToken.
        """
        now = self.clock.now()
        named = await self._named(access_token, refresh_token, now)
        if named.claims is None and not named.tickets:
            raise InvalidAccessToken if refresh_token is None else InvalidRefreshToken
        return await self._end(named, origin, now, "logout", is_strict=not named.tickets)

    async def revoke(self, token: str, origin: Origin) -> None:
        """Revoke the session of an access token or a refresh token (RFC 7009).

        Both tokens of the session become invalid at once. The response is the same for a token that is unknown, invalid
        or already revoked. `token_type_hint` is not needed: the forms of the two tokens differ.
        """
        now = self.clock.now()
        named = await self._named(token, token, now)
        await self._end(named, origin, now, "revoke", is_strict=False)

    async def _named(self, access_token: str | None, refresh_token: str | None, now: datetime) -> _Tokens:
        claims = None
        if access_token is not None:
            claims = await self.token_reading.read_at_any_age(access_token, now)
        tickets = () if refresh_token is None else tuple(self.refresh_tokens.read(refresh_token))
        return _Tokens(claims, tickets)

    async def _end(self, named: _Tokens, origin: Origin, now: datetime, which: str, *, is_strict: bool) -> UUID | None:
        """End the sessions that are named. With `is_strict` a session that refuses its access token is an error."""
        owner: UUID | None = None
        async with self.transactions.begin() as tx:
            async for session, user in self._sessions(tx, named, is_strict=is_strict):
                if not session.is_over_at(now, self.policy, user.role) and await tx.sessions.remove(session.id):
                    owner = user.id
                    caller, ended = Caller(user, session, origin), str(session.id)
                    event = self.trail.by(caller, AuditType.SESSION_ENDED, now, which=which, ended=ended)
                    await tx.audit_events.add(event)
            if owner is not None:
                await tx.commit()
        return owner

    async def _sessions(
        self, stored: HasSessions, named: _Tokens, *, is_strict: bool
    ) -> AsyncIterator[tuple[Session, User]]:
        for ticket in named.tickets:
            found = await stored.sessions.with_user(ticket.session_id)
            if found is not None and self.refresh_tokens.is_genuine(ticket, found[0]):
                yield found
        if named.claims is not None:
            found = await stored.sessions.with_user(named.claims.session_id)
            if found is not None:
                if named.claims.fit(found[0]) and not found[0].has_superseded(named.claims.generation):
                    yield found
                elif is_strict:
                    raise InvalidAccessToken
