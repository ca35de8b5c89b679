"""The fixed code of an account for reviewers or tests, which stands in for a mailed one."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import Proof, Purpose, TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.review_account import ReviewAccounts
from bukhindor.domain.user import User
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.mailbox_proof import MailboxProofs, ProofStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCodes:
    accounts: ReviewAccounts
    proofs: MailboxProofs
    trail: AuditTrail

    async def owner(self, tx: ProofStore, proof: Proof, origin: Origin, now: datetime) -> User | None:
        """Return the account whose fixed code this is, recorded in `tx`; None when only a mail can prove something.

        A wrong code counts like a wrong mailed one, and commits `tx`: ten in a day, and the fixed code is off. The code
        of an account that is no ordinary user is recorded, and opens nothing. Raises InvalidOneTimeToken.
        """
        code = self.accounts.code_of(proof.email) if isinstance(proof, TypedCode) else None
        if not isinstance(proof, TypedCode) or code is None:
            return None
        user = await tx.users.by_email(proof.email)
        if user is None:
            return None
        is_right = compare_digest(code.encode(), proof.code.encode())
        if not self.accounts.signs_in(user):
            if is_right:
                refused = AuditType.REVIEW_CODE_REFUSED
                await tx.audit_events.add(self.trail.by_stranger(origin, refused, now, user.id, role=user.role.value))
            return None
        if not user.accepts_codes_at(now, self.proofs.wrong_codes):
            return None
        if not is_right:
            await self.proofs.count_wrong_code(tx, user, Purpose.SIGN_IN, origin, now)
            await tx.commit()
            raise InvalidOneTimeToken
        await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.REVIEW_CODE_USED, now, user.id))
        return user
