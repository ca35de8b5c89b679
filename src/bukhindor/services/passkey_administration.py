"""The passkeys of an account: a person adds, names and removes them."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import (
    InvalidPasskey,
    LastSignInMethod,
    PasskeyNotAccepted,
    PasskeyNotFound,
    TooManyPasskeys,
)
from bukhindor.domain.guest import claimed
from bukhindor.domain.identity import outlives_identities
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.passkey import (
    MAX_PASSKEYS,
    Attested,
    Ceremony,
    CreatedCredential,
    Passkey,
    PasskeyChallenge,
    known_transports,
)
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Identifiers
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.passkey_proof import PasskeyProof
from bukhindor.services.steps.step_up import StepUp

_UNNAMED = "Passkey"


class _Writing(
    HasUsers,
    HasPasskeys,
    HasIdentities,
    HasSessions,
    HasOutbox,
    HasLockdownLinks,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What a change of passkeys needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAdministration:
    transactions: Transactions[HasPasskeys, _Writing]
    proof: PasskeyProof
    step_up: StepUp
    letters: Letters
    identifiers: Identifiers

    async def options(self, caller: Caller) -> tuple[PasskeyChallenge, str]:
        """Return a challenge, and the options for `navigator.credentials.create()`.

        They ask for a passkey that the device can find by itself and that verifies the person. Devices that already
        have a passkey of the account are excluded. The challenge is good for five minutes, this account and one
        passkey. An account can have twenty.

        Raises ReauthenticationRequired, TooManyPasskeys.
        """
        await self.step_up.prove(caller, Act.ADD_PASSKEY)
        async with self.transactions.read() as stored:
            existing = await stored.passkeys.of_user(caller.user.id)
        _refuse_too_many(existing)
        # Random, so that it tells no one which account it belongs to (section 14.6.1).
        user_handle = existing[0].user_handle if existing else self.identifiers.seed()
        challenge = self.proof.challenges.for_creation(caller.user.id, user_handle, self.proof.clock.now())
        return challenge, self.proof.ceremonies.creation_options(challenge, caller.user, existing)

    async def add(
        self, caller: Caller, challenge_id: str, credential: CreatedCredential, name: str | None = None
    ) -> Passkey:
        """Add a passkey to your account. A mail notifies you.

        Passkeys that a cloud copies to other devices and those that never leave a security key are both welcome. The
        statement of the authenticator's make is not asked for. Without a name the passkey is named after the device.
        A guest with a passkey has a way in, and is a guest no longer; the account goes on without an address.

        Raises ReauthenticationRequired, PasskeyNotAccepted, TooManyPasskeys, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.ADD_PASSKEY)
        now = self.proof.clock.now()
        challenge = self.proof.challenges.read(challenge_id, now)
        is_own = challenge is not None and challenge.ceremony is Ceremony.CREATION
        if challenge is None or not is_own or challenge.user_id != caller.user.id:
            raise PasskeyNotAccepted
        attested = self.proof.ceremonies.verify_creation(credential, challenge)
        if attested is None:
            raise PasskeyNotAccepted
        shown_name = name or Device(user_agent=caller.origin.user_agent).name or _UNNAMED
        transports = known_transports(credential.transports)
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            _refuse_too_many(await tx.passkeys.of_user(user.id))
            await self._use_up(tx, challenge)
            passkey = self._made(attested, challenge, user.id, shown_name, transports)
            await tx.passkeys.add(passkey)
            await self.letters.warn(tx, user, LetterKind.PASSKEY_ADDED, caller.origin, now)
            await tx.audit_events.add(
                self.proof.trail.by(caller, AuditType.PASSKEY_ADDED, now, passkey=str(passkey.id))
            )
            if user.is_guest:
                await tx.users.save(claimed(user, now))
                await tx.audit_events.add(self.proof.trail.by(caller, AuditType.GUEST_CLAIMED, now, by="passkey"))
            await tx.commit()
        return passkey

    async def list(self, caller: Caller) -> list[Passkey]:
        """List your own passkeys, the oldest first."""
        async with self.transactions.read() as stored:
            return await stored.passkeys.of_user(caller.user.id)

    async def rename(self, caller: Caller, passkey_id: UUID, name: str) -> Passkey:
        """Give one of your passkeys another name.

        Raises ReauthenticationRequired, PasskeyNotFound, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.RENAME_PASSKEY)
        now = self.proof.clock.now()
        async with self.transactions.begin() as tx:
            passkey = (await self._own(tx, caller, passkey_id)).renamed(name)
            await tx.passkeys.save(passkey)
            await tx.audit_events.add(
                self.proof.trail.by(caller, AuditType.PASSKEY_RENAMED, now, passkey=str(passkey.id))
            )
            await tx.commit()
        return passkey

    async def remove(self, caller: Caller, passkey_id: UUID) -> None:
        """Remove one of your passkeys: it signs in no more. Sessions that it started continue. A mail notifies you.

        The passkey stays on its device until it is removed there, too. An account without an address keeps its last
        one, and so does one with a relay address of Apple and no password: a linked account, or a password, is needed
        first.

        Raises ReauthenticationRequired, PasskeyNotFound, LastSignInMethod, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.REMOVE_PASSKEY)
        now = self.proof.clock.now()
        async with self.transactions.begin() as tx:
            passkey = await self._own(tx, caller, passkey_id)
            await self._refuse_last(tx, passkey)
            await tx.passkeys.remove(passkey.id)
            await self.letters.tell(tx, caller.user, LetterKind.PASSKEY_REMOVED, caller.origin, now)
            await tx.audit_events.add(
                self.proof.trail.by(caller, AuditType.PASSKEY_REMOVED, now, passkey=str(passkey.id))
            )
            await tx.commit()

    async def _own(self, tx: _Writing, caller: Caller, passkey_id: UUID) -> Passkey:
        user = (await self.step_up.present(tx, caller)).user
        found = [passkey for passkey in await tx.passkeys.of_user(user.id) if passkey.id == passkey_id]
        if not found:
            raise PasskeyNotFound
        return found[0]

    async def _refuse_last(self, tx: _Writing, passkey: Passkey) -> None:
        """Raise LastSignInMethod when no one could sign in without this passkey."""
        user = await tx.users.by_id(passkey.user_id)
        if user is None or user.password_hash is not None or outlives_identities(user.email):
            return
        if len(await tx.passkeys.of_user(user.id)) > 1:
            return
        if not await tx.identities.of_user(user.id):
            raise LastSignInMethod

    async def _use_up(self, tx: _Writing, challenge: PasskeyChallenge) -> None:
        try:
            await tx.passkeys.use_up(challenge)
        except InvalidPasskey:
            raise PasskeyNotAccepted from None

    def _made(
        self, attested: Attested, challenge: PasskeyChallenge, user_id: UUID, name: str, transports: tuple[str, ...]
    ) -> Passkey:
        return Passkey(
            id=self.identifiers.passkey_id(),
            user_id=user_id,
            credential_id=attested.credential_id,
            public_key=attested.public_key,
            user_handle=challenge.user_handle,
            name=name,
            sign_count=attested.sign_count,
            transports=transports,
            is_synced=attested.is_synced,
            is_backed_up=attested.is_backed_up,
            created_at=self.proof.clock.now(),
        )


def _refuse_too_many(existing: list[Passkey]) -> None:
    if len(existing) >= MAX_PASSKEYS:
        raise TooManyPasskeys
