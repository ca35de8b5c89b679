"""The keys of other services: made and revoked by administrators, and shown with every request of a service."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import CallingService, Person
from bukhindor.domain.errors import InvalidServiceKey, ServiceKeyNameTaken, ServiceKeyNotFound, Unavailable
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import REFUSED_SERVICE_KEYS_PER_NETWORK
from bukhindor.domain.service_key import Scope, ServiceKey, ServiceKeyName, ServiceKeySecret, in_order
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.service_keys import HasServiceKeys
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock, Identifiers, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail

_log = logging.getLogger(__name__)


class _Writing(HasServiceKeys, HasAuditEvents, Transaction, Protocol):
    """What issuing, using and revoking keys needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKeys:
    transactions: Transactions[HasServiceKeys, _Writing]
    trail: AuditTrail
    limiter: RateLimiter
    identifiers: Identifiers
    clock: Clock

    async def create(
        self, actor: Person, name: ServiceKeyName, scopes: frozenset[Scope], life: timedelta | None = None
    ) -> tuple[ServiceKey, ServiceKeySecret]:
        """Create a key with these scopes; without `life` it is valid until it is revoked. The store keeps a digest: the
        secret is returned this once.

        Raises Forbidden, ServiceKeyNameTaken.
        """
        actor.require_admin()
        now = self.clock.now()
        secret = ServiceKeySecret.of(self.identifiers.seed())
        expires_at = None if life is None else now + life
        key_id = self.identifiers.service_key_id()
        key = ServiceKey(key_id, name, secret.digest, scopes, now, actor.actor_id, expires_at)
        async with self.transactions.begin() as tx:
            if await tx.service_keys.by_name(name) is not None:
                raise ServiceKeyNameTaken
            await tx.service_keys.add(key)
            details = {"name": str(name), "scopes": " ".join(in_order(scopes))}
            if expires_at is not None:
                details["expires"] = expires_at.isoformat()
            event = self.trail.by(actor, AuditType.SERVICE_KEY_CREATED, now, key.id, **details)
            await tx.audit_events.add(event)
            await tx.commit()
        return key, secret

    async def all(self, actor: Person) -> list[ServiceKey]:
        """Return all keys by name, expired ones too.

        Raises Forbidden.
        """
        actor.require_admin()
        async with self.transactions.read() as stored:
            return await stored.service_keys.all()

    async def revoke(self, actor: Person, name: str) -> None:
        """Make a key invalid from the next request on. Its name is free again, its acts stay in the audit.

        Raises Forbidden, ServiceKeyNotFound.
        """
        actor.require_admin()
        async with self.transactions.begin() as tx:
            key = await tx.service_keys.by_name(name)
            if key is None:
                raise ServiceKeyNotFound
            await tx.service_keys.remove(key.id)
            event = self.trail.by(actor, AuditType.SERVICE_KEY_REVOKED, self.clock.now(), key.id, name=str(key.name))
            await tx.audit_events.add(event)
            await tx.commit()

    async def authenticate(self, presented: str, origin: Origin, name: str | None = None) -> CallingService:
        """Return the service that presents a key, also under its name when the request has one.

        A network may present a hundred well-formed keys in 15 minutes that are wrong; valid keys are never refused.

        Raises InvalidServiceKey, RateLimited.
        """
        secret = ServiceKeySecret.read(presented)
        if secret is None:
            raise InvalidServiceKey
        now = self.clock.now()
        async with self.transactions.read() as stored:
            key = await stored.service_keys.by_digest(secret.digest)
        if key is None or key.has_expired_at(now) or name not in (None, key.name):
            limit = REFUSED_SERVICE_KEYS_PER_NETWORK
            await self.limiter.take(limit, origin.network)
            await self.limiter.take(limit.for_wider_network(), origin.wider_network)
            raise InvalidServiceKey
        if key.used(now) is not key:
            await self._record_use(secret, now)
        return CallingService(key, origin)

    async def _record_use(self, secret: ServiceKeySecret, now: datetime) -> None:
        try:
            async with self.transactions.begin() as tx:
                key = await tx.service_keys.by_digest(secret.digest)
                used = None if key is None else key.used(now)
                # Of many simultaneous requests the first has recorded it for all.
                if used is not None and used is not key:
                    await tx.service_keys.save(used)
                    await tx.commit()
        except Unavailable as unavailable:
            # Services must get their responses while nothing can be written; the next request retries it.
            _log.warning("use of a service key not recorded: %s", unavailable.code)
