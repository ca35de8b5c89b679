"""Arranging what a store holds."""

from bukhindor.domain.audit import AuditEvent
from bukhindor.domain.factor import Factor
from bukhindor.domain.identity import Identity
from bukhindor.domain.mail import QueuedMail
from bukhindor.domain.one_time_token import OneTimeToken
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.service_key import ServiceKey
from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User
from bukhindor.domain.withdrawal import Withdrawal
from bukhindor.ports.store.full import FullStore


async def keep(
    store: FullStore,
    *things: User
    | Session
    | Factor
    | Passkey
    | Identity
    | Withdrawal
    | SigningKey
    | ServiceKey
    | OneTimeToken
    | QueuedMail
    | AuditEvent,
) -> None:
    """Commit new things, owners before what belongs to them."""
    async with store.begin() as tx:
        for thing in things:
            match thing:
                case User():
                    await tx.users.add(thing)
                case Session():
                    await tx.sessions.add(thing)
                case Factor():
                    await tx.factors.put(thing)
                case Passkey():
                    await tx.passkeys.add(thing)
                case Identity():
                    await tx.identities.add(thing)
                case Withdrawal():
                    await tx.withdrawals.add(thing)
                case SigningKey():
                    await tx.signing_keys.add(thing)
                case ServiceKey():
                    await tx.service_keys.add(thing)
                case OneTimeToken():
                    await tx.one_time_tokens.put(thing)
                case QueuedMail():
                    await tx.outbox.add(thing)
                case AuditEvent():
                    await tx.audit_events.add(thing)
        await tx.commit()
