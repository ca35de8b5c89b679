"""A signed-in person proves once more that they are present."""

from dataclasses import dataclass, replace
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectFactor, InvalidOneTimeToken, InvalidPasskey, PasskeyNotAccepted
from bukhindor.domain.factor import FactorProof
from bukhindor.domain.one_time_token import MailedCode, Purpose, TypedCode
from bukhindor.domain.passkey import PresentedPasskey
from bukhindor.domain.password import Password
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.factor_check import FactorCheck, FactorStore
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.passkey_proof import PasskeyProof
from bukhindor.services.steps.review_code import ReviewCodes
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer

_ACT = "reauthenticate"


class _Writing(HasSessions, FactorStore, HasOneTimeTokens, HasPasskeys, Protocol):
    """What recording a proof needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    transactions: Writes[_Writing]
    step_up: StepUp
    factor_check: FactorCheck
    passkey_proof: PasskeyProof
    proofs: MailboxProofs
    review_codes: ReviewCodes
    token_issuer: TokenIssuer
    trail: AuditTrail
    clock: Clock

    async def prove(self, caller: Caller, proof: Password | FactorProof | MailedCode | PresentedPasskey) -> TokenPair:
        """Make the sign-in of this session fresh.

        For the next ten minutes (`FRESH_SIGN_IN`) this session may do what needs a fresh sign-in. The session goes on,
        and its refresh token stays valid. The new access token tells other services when and how you signed in:
        `auth_time`, `amr` and `acr`.

        A `code` has the six digits of an authenticator app, or the eight of a mail from `POST /auth/sign-in-code`. With
        such a mail an account without a password proves itself. Used here, the code signs no one in any more.

        With a second factor or a passkey the session has proved two factors from then on: the account's factors change
        in such a session only.

        A wrong password counts as it does for every prompt of a session: ten failures in fifteen minutes. Wrong second
        factors and wrong mailed codes count as they do at sign-in: five second factors in fifteen minutes for the
        account; five tries for a mailed code, and ten wrong ones in a day for the account.

        Raises IncorrectPassword, IncorrectFactor, InvalidOneTimeToken, PasskeyNotAccepted, InvalidAccessToken,
        RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        if isinstance(proof, Password):
            return await self._by_password(caller, proof)
        if isinstance(proof, PresentedPasskey):
            return await self._by_passkey(caller, proof)
        if isinstance(proof, MailedCode):
            return await self._by_mailed_code(caller, proof)
        return await self._by_factor(caller, proof)

    async def _by_password(self, caller: Caller, password: Password) -> TokenPair:
        await self.step_up.prove_by_password(caller, password, _ACT)
        async with self.transactions.begin() as tx:
            present = await self.step_up.holder(tx, caller)
            return await self._refresh(tx, present, Method.PASSWORD)

    async def _by_factor(self, caller: Caller, proof: FactorProof) -> TokenPair:
        async with self.factor_check.budget(caller.user.id):
            async with self.transactions.begin() as tx:
                present = await self.step_up.present(tx, caller)
                used = await self.factor_check.use(tx, present.user, proof, caller, self.clock.now())
                if used is not None:
                    user, method = used
                    await tx.users.save(user)
                    return await self._refresh(tx, replace(present, user=user), method)
            await self.factor_check.record_failure(caller.user.id, proof, caller, _ACT)
            raise IncorrectFactor

    async def _by_mailed_code(self, caller: Caller, code: MailedCode) -> TokenPair:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            present = await self.step_up.present(tx, caller)
            typed = TypedCode(present.user.email, code)
            user = await self.review_codes.owner(tx, typed, caller.origin, now)
            if user is None:
                user, token = await self.proofs.use(tx, Purpose.SIGN_IN, typed, caller.origin, now)
                if token.email != user.email:
                    raise InvalidOneTimeToken
            return await self._refresh(tx, replace(present, user=user), Method.MAIL)

    async def _by_passkey(self, caller: Caller, proof: PresentedPasskey) -> TokenPair:
        try:
            shown = await self.passkey_proof.check(proof.challenge_id, proof.credential)
            if shown.passkey.user_id != caller.user.id:
                raise InvalidPasskey(caller.user.id)
            async with self.transactions.begin() as tx:
                present = await self.step_up.present(tx, caller)
                await self.passkey_proof.accept(tx, shown, caller.origin)
                return await self._refresh(tx, present, Method.PASSKEY)
        except InvalidPasskey:
            await self.passkey_proof.record_failure(caller.origin, caller.user.id)
            # 401 would tell the app that its tokens are not valid any more.
            raise PasskeyNotAccepted from None

    async def _refresh(self, tx: _Writing, present: Caller, method: Method) -> TokenPair:
        """Record the proof, and commit."""
        now = self.clock.now()
        session = present.session.reauthenticated((method,), now)
        await tx.sessions.save(session)
        await tx.audit_events.add(self.trail.by(present, AuditType.REAUTHENTICATED, now, methods=method.value))
        await tx.commit()
        return self.token_issuer.issue(session, present.user, now)
