"""The audit: reading it, and recording refusals."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.caller import Actor
from bukhindor.domain.errors import RateLimited, Unavailable
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import REFUSALS_RECORDED
from bukhindor.domain.service_key import Scope
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail


class _Writing(HasAuditEvents, Transaction, Protocol):
    """What recording an event needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    transactions: Transactions[HasAuditEvents, _Writing]
    trail: AuditTrail
    limiter: RateLimiter
    clock: Clock

    async def page(self, actor: Actor, query: AuditQuery) -> list[AuditEvent]:
        """List what happened, newest first.

        Raises Forbidden, MissingScope.
        """
        actor.require(Scope.AUDIT_READ)
        async with self.transactions.scan() as stored:
            return await stored.audit_events.page(query)

    async def record_limit(self, refusal: RateLimited, caller: Actor | None, origin: Origin, route: str) -> None:
        """Record that a limit was reached: of a flood only the first refusal, and ten a minute for each origin."""
        if not refusal.is_first:
            return
        now, details = self.clock.now(), {"limit": refusal.limit.name, "route": route}
        if caller is None:
            event = self.trail.by_stranger(origin, AuditType.LIMIT_HIT, now, **details)
        else:
            event = self.trail.by(caller, AuditType.LIMIT_HIT, now, **details)
        await self._record(event, caller, origin)

    async def record_refusal(
        self, code: str, caller: Actor | None, origin: Origin, route: str, concealed: UUID | None = None
    ) -> None:
        """Record a refusal because of a missing right. `code` is the stable code of the refusal, `concealed` the id
        that the caller may not see.

        Of each signed-in person and each service ten refusals a minute are recorded; those of others are counted by
        network and minute.
        """
        now, details = self.clock.now(), {"code": code, "route": route}
        if concealed is not None:
            details["id"] = str(concealed)
        if caller is None:
            event = self.trail.counted(origin, AuditType.REFUSED, now, **details)
        else:
            event = self.trail.by(caller, AuditType.REFUSED, now, **details)
        await self._record(event, caller, origin)

    async def _record(self, event: AuditEvent, caller: Actor | None, origin: Origin) -> None:
        """Never fails: the caller gets the refusal, recorded or not. Each type has its own limit, so that a flood of
        one hides no other.
        """
        places = [(REFUSALS_RECORDED, f"{event.type}:{origin.network if caller is None else caller.actor_id}")]
        if caller is None:
            # A client with IPv6 has any number of networks within the wider one.
            places.append((REFUSALS_RECORDED.for_wider_network(), f"{event.type}:{origin.wider_network}"))
        try:
            for limit, key in places:
                await self.limiter.take(limit, key)
            async with self.transactions.begin() as tx:
                await tx.audit_events.count(event)
                await tx.commit()
        except (RateLimited, Unavailable):
            return
