"""What another person may have planted in an account before the owner of its mailbox came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import User
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.services.steps.letters import Letters, LetterStore


class _Removable(Protocol):
    """What is removed without a look at it."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all of a user."""


class PlantedFactorStore(HasRecoveryCodes, Protocol):
    """What the end of planted factors needs from the store."""

    @property
    def factors(self) -> _Removable:
        """Second factors of all accounts."""

    @property
    def passkeys(self) -> _Removable:
        """Passkeys of all accounts."""

    @property
    def identities(self) -> _Removable:
        """Linked identities of all accounts."""


class PlantedAccessStore(LetterStore, HasSessions, PlantedFactorStore, Protocol):
    """What the end of planted access needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedAccess:
    """Shared by the ways in which a person proves a mailbox without a proof that they registered the account.

    Anyone can register with the address of another person and wait (account pre-hijacking, CVE-2024-38351).
    """

    letters: Letters

    async def end(self, tx: PlantedAccessStore, user: User, origin: Origin, now: datetime) -> User:
        """End every access that existed before the mailbox was proved: sessions, proofs under way, the password,
        passkeys, linked identities and second factors, which would keep the owner out.

        A mail to choose a new password follows. Returns the user without a password, which the caller saves.
        """
        user = await without_planted_factors(tx, user.without_password(now), now)
        await tx.sessions.remove_of_user(user.id)
        await tx.one_time_tokens.remove_of_user(user.id)
        await self.letters.ask_for_proof(tx, user, Purpose.RESET_PASSWORD, origin, now)
        return user


async def without_planted_factors(tx: PlantedFactorStore, user: User, now: datetime) -> User:
    """Remove factors, passkeys and identities from before the mailbox was proved. Returns the user, which the caller
    saves.
    """
    await tx.factors.remove_of_user(user.id)
    await tx.recovery_codes.remove_of_user(user.id)
    await tx.passkeys.remove_of_user(user.id)
    await tx.identities.remove_of_user(user.id)
    return user.without_factors(now) if user.has_factor else user
