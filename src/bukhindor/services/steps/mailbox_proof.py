"""Checking a proof from a mailbox: the token of a link, or an address and a typed code."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import OneTimeToken, Proof, Purpose, TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT, Limit
from bukhindor.domain.user import User
from bukhindor.ports.secrets import OneTimeSecrets
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore


class ProofStore(LetterStore, HasUsers, HasAuditEvents, Transaction, Protocol):
    """What finding a proof and using it up needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxProofs:
    """Shared by the three flows that begin with a mail.

    `wrong_codes` is how many wrong codes an account accepts in a day; after that only links work, until a day has
    passed without a wrong code.
    """

    transactions: Writes[ProofStore]
    secrets: OneTimeSecrets
    letters: Letters
    trail: AuditTrail
    wrong_codes: Limit = WRONG_CODES_PER_ACCOUNT

    async def look_up(self, purpose: Purpose, proof: Proof, origin: Origin, now: datetime) -> tuple[User, OneTimeToken]:
        """Return the owner of the proof, which is not used up, and its token. Raises InvalidOneTimeToken."""
        async with self.transactions.begin() as tx:
            return await self.find(tx, purpose, proof, origin, now)

    async def use(
        self, tx: ProofStore, purpose: Purpose, proof: Proof, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        """Use the proof up within `tx`; for a wrong proof `tx` is committed. Raises InvalidOneTimeToken."""
        user, token = await self.find(tx, purpose, proof, origin, now)
        await tx.one_time_tokens.remove(user.id, purpose)
        return user, token

    async def find(
        self, tx: ProofStore, purpose: Purpose, proof: Proof, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        """Find the owner and the token within `tx`. A wrong proof is counted, and commits `tx`.

        Raises InvalidOneTimeToken.
        """
        if isinstance(proof, TypedCode):
            return await self._find_by_code(tx, purpose, proof, origin, now)
        token = await tx.one_time_tokens.by_token_hash(self.secrets.hash_token(proof.token))
        user = None if token is None else await tx.users.by_id(token.user_id)
        if token is None or user is None or token.purpose is not purpose or not token.lives_at(now):
            raise await self._refusal_of_a_guess(tx, purpose, origin, now, "link")
        return user, token

    async def _find_by_code(
        self, tx: ProofStore, purpose: Purpose, proof: TypedCode, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        user = await tx.users.by_email(proof.email)
        token = None if user is None else await tx.one_time_tokens.of_user(user.id, purpose)
        if user is None or token is None or not token.accepts_codes_at(now):
            raise await self._refusal_of_a_guess(tx, purpose, origin, now, "code")
        if not user.accepts_codes_at(now, self.wrong_codes):
            raise await self._refusal_of_a_guess(tx, purpose, origin, now, "code while codes are off")
        if compare_digest(token.code_hash, self.secrets.hash_code(proof.code, user.id, purpose)):
            return user, token
        # The counts must outlive the refusal, or a code could be guessed without end.
        await tx.one_time_tokens.save(token.after_wrong_code())
        await self.count_wrong_code(tx, user, purpose, origin, now)
        await tx.commit()
        raise InvalidOneTimeToken

    async def count_wrong_code(
        self, tx: ProofStore, user: User, purpose: Purpose, origin: Origin, now: datetime
    ) -> None:
        """Count one more wrong code of the account within `tx`, and report the one that turns codes off."""
        user = user.after_wrong_code(now, self.wrong_codes)
        await tx.users.save(user)
        details = {"purpose": purpose.value, "email": user.email.masked}
        await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.PROOF_FAILED, now, user.id, **details))
        if not user.accepts_codes_at(now, self.wrong_codes):
            await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.CODES_DISABLED, now, user.id))
            await self.letters.tell(tx, user, LetterKind.CODES_DISABLED, origin, now)

    async def _refusal_of_a_guess(
        self, tx: ProofStore, purpose: Purpose, origin: Origin, now: datetime, what: str
    ) -> InvalidOneTimeToken:
        """A guess that was compared with no stored code or link is counted by network and minute.

        All refusals take one commit, and so the same time, whether the account exists or not.
        """
        await tx.audit_events.count(
            self.trail.counted(origin, AuditType.PROOF_FAILED, now, purpose=purpose.value, what=what)
        )
        await tx.commit()
        return InvalidOneTimeToken()
