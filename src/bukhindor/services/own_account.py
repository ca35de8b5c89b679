"""What the law gives people: to take their data along, and to be forgotten."""

from dataclasses import dataclass, replace
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.domain.origin import NOWHERE
from bukhindor.domain.password import Password
from bukhindor.domain.session import Session
from bukhindor.domain.user import User
from bukhindor.ports import Clock, Transactions
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.own_password import OwnPassword

_MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything that is held about a person; of events the newest thousand.

    Where an administrator acted, from which address and device is about that person and left out.
    """

    user: User
    sessions: list[Session]
    events: list[AuditEvent]


class OwnAccount:
    def __init__(
        self,
        transactions: Transactions,
        own_password: OwnPassword,
        removal: AccountRemoval,
        trail: AuditTrail,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._own_password = own_password
        self._removal = removal
        self._trail = trail
        self._clock = clock

    async def export(self, caller: Caller) -> PersonalData:
        """Everything held about the caller."""
        async with self._transactions.begin() as tx:
            await tx.audit_events.add(self._trail.by(caller, AuditType.EXPORTED, self._clock.now()))
            await tx.commit()
        async with self._transactions.scan() as stored:
            user = await stored.users.by_id(caller.user.id)
            if user is None:
                raise InvalidAccessToken
            sessions = await stored.sessions.of_user(user.id)
            events = await stored.audit_events.page(AuditQuery(subject_id=user.id, limit=_MAX_EVENTS))
        return PersonalData(user, sessions, [_as_shown_to(user.id, event) for event in events])

    async def delete(self, caller: Caller, password: Password) -> None:
        """Delete the caller's account and everything personal, after its password.

        Of what happened only the fact and the id stay. A last mail tells the person. The last active administrator
        can't go.

        Raises IncorrectPassword, InvalidAccessToken, LastAdmin, RateLimited, TooBusy.
        """
        await self._own_password.check(caller, password)
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            user = await self._own_password.holder(tx, caller)
            await self._removal.remove(tx, caller, user, now)
            await tx.commit()


def _as_shown_to(user_id: UUID, event: AuditEvent) -> AuditEvent:
    if event.actor_id in (None, user_id):
        return event
    return replace(event, session_id=None, origin=NOWHERE)
