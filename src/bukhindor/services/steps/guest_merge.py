"""A guest signs in to an account: what the guest has written joins it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidAccessToken, InvalidGuestToken
from bukhindor.domain.guest import PresentedGuest, merged
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import Session
from bukhindor.domain.tokens import AccessClaims
from bukhindor.domain.user import User
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.erasure import ErasureStore, erase


class _TokenReading(Protocol):
    """Reads access tokens, and finds their sessions."""

    async def read(self, token: str, now: datetime) -> AccessClaims:
        """Raises InvalidAccessToken."""

    async def session_of(self, claims: AccessClaims, now: datetime) -> tuple[Session, User]:
        """Raises InvalidAccessToken."""


class GuestMergeStore(ErasureStore, HasSessions, Protocol):
    """What a merge needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMerge:
    token_reading: _TokenReading
    trail: AuditTrail
    clock: Clock

    async def recognise(self, guest_token: str | None) -> PresentedGuest | None:
        """The guest whose access token came with a sign-in, before anything else happens; None without a token.

        Raises InvalidGuestToken for a token that is none, has expired, or is not a guest's.
        """
        if guest_token is None:
            return None
        now = self.clock.now()
        try:
            claims = await self.token_reading.read(guest_token, now)
            session, user = await self.token_reading.session_of(claims, now)
        except InvalidAccessToken:
            raise InvalidGuestToken from None
        if not user.is_guest or session.has_superseded(claims.generation):
            raise InvalidGuestToken
        return PresentedGuest(user.id, session.id)

    async def merge(
        self, tx: GuestMergeStore, user: User, presented: PresentedGuest, origin: Origin, now: datetime
    ) -> User:
        """Remove the guest in `tx`, and return the account with what the guest has written; the caller saves it.

        Raises InvalidGuestToken when the guest has become a person meanwhile, or was merged or removed.
        """
        found = await tx.sessions.with_user(presented.session_id)
        if found is None or not found[1].is_guest:
            raise InvalidGuestToken
        guest = found[1]
        await erase(tx, guest.id, self.trail.by_stranger(origin, AuditType.DELETED, now, guest.id))
        details = {"merged_from": str(guest.id)}
        await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.GUEST_MERGED, now, user.id, **details))
        return merged(user, guest, now)
