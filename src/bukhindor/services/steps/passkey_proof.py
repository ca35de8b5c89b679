"""The proof by a passkey, at every place that accepts one: a sign-in, a second factor, a sign-in that is made fresh."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidPasskey
from bukhindor.domain.origin import Origin
from bukhindor.domain.passkey import Asserted, Ceremony, Passkey, PasskeyChallenge, UsedCredential
from bukhindor.ports.passkeys import PasskeyCeremonies, PasskeyChallenges
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """A passkey whose signature is right. It counts once `accept` has taken it in a transaction."""

    passkey: Passkey
    asserted: Asserted
    challenge: PasskeyChallenge


class PasskeyProofStore(HasPasskeys, HasAuditEvents, Transaction, Protocol):
    """What the proof by a passkey needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyProof:
    transactions: Transactions[HasPasskeys, PasskeyProofStore]
    ceremonies: PasskeyCeremonies
    challenges: PasskeyChallenges
    trail: AuditTrail
    clock: Clock

    async def check(self, challenge_id: str, credential: UsedCredential) -> ShownPasskey:
        """Verify a signature before the transaction that counts it. Raises InvalidPasskey."""
        challenge = self.challenges.read(challenge_id, self.clock.now())
        if challenge is None or challenge.ceremony is not Ceremony.REQUEST:
            raise InvalidPasskey
        async with self.transactions.read() as stored:
            passkey = await stored.passkeys.by_credential_id(credential.id)
        if passkey is None:
            raise InvalidPasskey
        asserted = self.ceremonies.verify_use(credential, challenge, passkey)
        if asserted is None or not passkey.fits(credential.user_handle, asserted):
            raise InvalidPasskey(passkey.user_id)
        return ShownPasskey(passkey, asserted, challenge)

    async def accept(self, tx: PasskeyProofStore, shown: ShownPasskey, origin: Origin) -> Passkey:
        """Count the use of a passkey in `tx`, in which the caller holds its owner, and use its challenge up.

        A counter that went back is recorded, and commits `tx` itself. Raises InvalidPasskey.
        """
        now = self.clock.now()
        passkey = await tx.passkeys.by_credential_id(shown.passkey.credential_id)
        if passkey is None or passkey.id != shown.passkey.id:
            raise InvalidPasskey(shown.passkey.user_id)
        await tx.passkeys.use_up(shown.challenge)
        if passkey.is_copy(shown.asserted):
            copied = self.trail.by_stranger(
                origin, AuditType.PASSKEY_COPIED, now, passkey.user_id, passkey=str(passkey.id)
            )
            await tx.audit_events.add(copied)
            await tx.commit()
            raise InvalidPasskey
        passkey = passkey.used(shown.asserted, now)
        await tx.passkeys.save(passkey)
        return passkey

    async def record_failure(self, origin: Origin, user_id: UUID | None) -> None:
        """Record a passkey that was refused: for its account, or counted by network where it belongs to none."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            if user_id is None:
                await tx.audit_events.count(
                    self.trail.counted(origin, AuditType.SIGN_IN_FAILED, now, methods="passkey")
                )
            else:
                failed = self.trail.by_stranger(origin, AuditType.SIGN_IN_FAILED, now, user_id, methods="passkey")
                await tx.audit_events.add(failed)
            await tx.commit()
