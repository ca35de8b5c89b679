"""Checking what came back from a mailbox: the token of a link, or an address and a typed code."""

from datetime import datetime
from hmac import compare_digest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import OneTimeToken, Proof, Purpose, TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import User
from bukhindor.ports import OneTimeSecrets, Transaction, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail


class MailboxProofs:
    """What the three flows share that begin with a mail."""

    def __init__(self, transactions: Transactions, secrets: OneTimeSecrets, trail: AuditTrail) -> None:
        self._transactions = transactions
        self._secrets = secrets
        self._trail = trail

    async def owner_of(self, purpose: Purpose, proof: Proof, origin: Origin, now: datetime) -> User:
        """Whose proof this is; it is not used up, and a wrong code is counted. Raises InvalidOneTimeToken."""
        async with self._transactions.begin() as tx:
            user, _ = await self._find(tx, purpose, proof, origin, now)
            return user

    async def use(
        self, tx: Transaction, purpose: Purpose, proof: Proof, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        """Use the proof up within `tx`, which a wrong code commits. Raises InvalidOneTimeToken."""
        user, token = await self._find(tx, purpose, proof, origin, now)
        await tx.one_time_tokens.remove(user.id, purpose)
        return user, token

    async def _find(
        self, tx: Transaction, purpose: Purpose, proof: Proof, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        if isinstance(proof, TypedCode):
            return await self._find_by_code(tx, purpose, proof, origin, now)
        token = await tx.one_time_tokens.by_token_hash(self._secrets.hash_token(proof.token))
        user = None if token is None else await tx.users.by_id(token.user_id)
        if token is None or user is None or token.purpose is not purpose or not token.lives_at(now):
            raise InvalidOneTimeToken
        return user, token

    async def _find_by_code(
        self, tx: Transaction, purpose: Purpose, proof: TypedCode, origin: Origin, now: datetime
    ) -> tuple[User, OneTimeToken]:
        user = await tx.users.by_email(proof.email)
        token = None if user is None else await tx.one_time_tokens.of_user(user.id, purpose)
        if user is not None and token is not None and token.accepts_codes_at(now):
            if compare_digest(token.code_hash, self._secrets.hash_code(proof.code, user.id, purpose)):
                return user, token
            # The count must outlive the refusal, or a code could be guessed for ever.
            await tx.one_time_tokens.save(token.after_wrong_code())
        # Written for unknown addresses too: then all refusals take one commit, and the same time.
        subject_id = None if user is None else user.id
        failed = self._trail.by_stranger(
            origin, AuditType.PROOF_FAILED, now, subject_id, purpose=purpose, email=proof.email.masked
        )
        await tx.audit_events.add(failed)
        await tx.commit()
        raise InvalidOneTimeToken
