"""A person's own sessions: listing and revoking them."""

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import SessionNotFound
from bukhindor.domain.session import Session, SessionPolicy, live
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail


class _Writing(HasSessions, HasAuditEvents, Transaction, Protocol):
    """What ending sessions needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    transactions: Transactions[HasSessions, _Writing]
    trail: AuditTrail
    policy: SessionPolicy
    clock: Clock

    async def list(self, caller: Caller) -> list[Session]:
        """List your sessions, newest first."""
        async with self.transactions.read() as stored:
            return self._live(caller, await stored.sessions.of_user(caller.user.id))

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """Revoke one of your sessions, with its access tokens. Other people's sessions are reported as not found.

        Raises SessionNotFound.
        """
        async with self.transactions.begin() as tx:
            session = await tx.sessions.by_id(session_id)
            if session is None:
                raise SessionNotFound
            if session.user_id != caller.user.id:
                raise SessionNotFound(concealed=session_id)
            await tx.sessions.remove(session_id)
            await tx.audit_events.add(self._ended(caller, "one", session_id))
            await tx.commit()

    async def log_out_everywhere(self, caller: Caller, *, keep_current: bool) -> int:
        """Revoke all of your sessions, or all other ones. Returns how many ended."""
        keep = caller.session.id if keep_current else None
        async with self.transactions.begin() as tx:
            ended = [session.id for session in self._live(caller, await tx.sessions.of_user(caller.user.id))]
            await tx.sessions.remove_of_user(caller.user.id, keep)
            await tx.audit_events.add(self._ended(caller, "all others" if keep else "all", None))
            await tx.commit()
        return len(ended) - ended.count(caller.session.id) if keep else len(ended)

    def _live(self, caller: Caller, sessions: Iterable[Session]) -> builtins.list[Session]:
        return live(sessions, self.clock.now(), self.policy, caller.user.role)

    def _ended(self, caller: Caller, which: str, session_id: UUID | None) -> AuditEvent:
        ended = {} if session_id is None else {"ended": str(session_id)}
        return self.trail.by(caller, AuditType.SESSION_ENDED, self.clock.now(), which=which, **ended)
