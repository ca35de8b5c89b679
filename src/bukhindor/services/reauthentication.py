"""A signed-in person proves once more that they are present."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.password import Password
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer

_ACT = "reauthenticate"


class _Writing(HasSessions, HasAuditEvents, Transaction, Protocol):
    """What recording a proof needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    transactions: Writes[_Writing]
    step_up: StepUp
    token_issuer: TokenIssuer
    trail: AuditTrail
    clock: Clock

    async def by_password(self, caller: Caller, password: Password) -> TokenPair:
        """Make the sign-in of this session fresh.

        For the next ten minutes (`FRESH_SIGN_IN`) this session may do what needs a fresh sign-in. The session goes on,
        and its refresh token stays valid. The new access token tells other services when and how you signed in:
        `auth_time`, `amr` and `acr`.

        A wrong password counts as it does for every prompt of a session: ten failures in fifteen minutes.

        Raises IncorrectPassword, InvalidAccessToken, RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        await self.step_up.prove_by_password(caller, password, _ACT)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            present = await self.step_up.holder(tx, caller)
            session = present.session.reauthenticated((Method.PASSWORD,), now)
            await tx.sessions.save(session)
            event = self.trail.by(caller, AuditType.REAUTHENTICATED, now, methods=Method.PASSWORD.value)
            await tx.audit_events.add(event)
            await tx.commit()
        return self.token_issuer.issue(session, present.user, now)
