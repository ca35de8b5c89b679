"""The record of what has happened: reading it, and writing down what was refused."""

from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import Forbidden, RateLimited, Unavailable
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import REFUSALS_RECORDED
from bukhindor.ports import Clock, RateLimiter, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail


class AuditLog:
    def __init__(self, transactions: Transactions, trail: AuditTrail, limiter: RateLimiter, clock: Clock) -> None:
        self._transactions = transactions
        self._trail = trail
        self._limiter = limiter
        self._clock = clock

    async def page(self, caller: Caller, query: AuditQuery) -> list[AuditEvent]:
        """What has happened, the newest first.

        Raises Forbidden.
        """
        caller.require_admin()
        async with self._transactions.scan() as stored:
            return await stored.audit_events.page(query)

    async def record_refusal(
        self, refusal: Forbidden | RateLimited, caller: Caller | None, origin: Origin, route: str
    ) -> None:
        """Write down that somebody asked for what it may not, or too often.

        Of a flood only the beginning is written: the first call over a limit, ten refused rights a minute. Never
        fails: a refusal is a refusal, recorded or not.
        """
        now = self._clock.now()
        if isinstance(refusal, RateLimited):
            if not refusal.is_first:
                return
            type, details = AuditType.LIMIT_HIT, {"limit": refusal.limit.name, "route": route}
        else:
            type, details = AuditType.REFUSED, {"route": route}
        if caller is None:
            event = self._trail.by_stranger(origin, type, now, **details)
        else:
            event = self._trail.by(caller, type, now, **details)
        try:
            await self._limiter.take(REFUSALS_RECORDED, str(event.actor_id or origin.ip))
            async with self._transactions.begin() as tx:
                await tx.audit_events.add(event)
                await tx.commit()
        except (RateLimited, Unavailable):
            return
