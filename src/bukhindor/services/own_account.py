"""The rights that the law gives people: to export their data, and to be forgotten."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.domain.factor import Factor
from bukhindor.domain.identity import Identity
from bukhindor.domain.origin import NOWHERE
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import EXPORTS_PER_ACCOUNT
from bukhindor.domain.session import Session, SessionPolicy, live
from bukhindor.domain.user import User
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.familiar_networks import HasFamiliarNetworks
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail

_MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything that is stored about a person; of events the newest thousand.

    `familiar_networks` are the networks from which the account recently signed in or was reset, and when.

    The address and device of an administrator who acted on the account are that administrator's data, and are left out.
    """

    user: User
    sessions: list[Session]
    factors: list[Factor]
    recovery_codes_left: int
    passkeys: list[Passkey]
    identities: list[Identity]
    familiar_networks: list[tuple[str, datetime]]
    events: list[AuditEvent]


class _Reading(
    HasUsers,
    HasSessions,
    HasFactors,
    HasRecoveryCodes,
    HasPasskeys,
    HasIdentities,
    HasFamiliarNetworks,
    HasAuditEvents,
    Protocol,
):
    """What an export needs from the store."""


class _Writing(HasAuditEvents, Transaction, Protocol):
    """What recording an export needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    transactions: Transactions[_Reading, _Writing]
    removal: AccountRemoval
    trail: AuditTrail
    limiter: RateLimiter
    policy: SessionPolicy
    clock: Clock

    async def export(self, caller: Caller) -> PersonalData:
        """Export everything that is stored about you.

        Ten exports an hour are allowed for each account.

        Raises RateLimited.
        """
        await self.limiter.take(EXPORTS_PER_ACCOUNT, str(caller.user.id))
        async with self.transactions.begin() as tx:
            await tx.audit_events.add(self.trail.by(caller, AuditType.EXPORTED, self.clock.now()))
            await tx.commit()
        async with self.transactions.scan() as stored:
            user = await stored.users.by_id(caller.user.id)
            if user is None:
                raise InvalidAccessToken
            sessions = live(await stored.sessions.of_user(user.id), self.clock.now(), self.policy, user.role)
            factors = await stored.factors.of_user(user.id)
            codes_left = await stored.recovery_codes.count(user.id)
            passkeys = await stored.passkeys.of_user(user.id)
            identities = await stored.identities.of_user(user.id)
            networks = await stored.familiar_networks.of_user(user.id)
            events = await stored.audit_events.page(AuditQuery(subject_id=user.id, limit=_MAX_EVENTS))
        shown = [_as_shown_to(user.id, event) for event in events]
        return PersonalData(user, sessions, factors, codes_left, passkeys, identities, networks, shown)

    async def delete(self, caller: Caller, password: Password | None) -> None:
        """Delete your account and all personal data, after a check of your password.

        The audit keeps what happened, and the account's id. A last mail notifies you. The last active administrator
        can't delete their account. Without the password your sign-in must be fresh, and with two factors if the account
        has a password.

        Raises ReauthenticationRequired, IncorrectPassword, InvalidAccessToken, LastAdmin,
        RateLimited, TooBusy.
        """
        await self.removal.remove(caller, caller.user.id, password)


def _as_shown_to(user_id: UUID, event: AuditEvent) -> AuditEvent:
    if event.actor_id in (None, user_id):
        return event
    return replace(event, session_id=None, origin=NOWHERE)
