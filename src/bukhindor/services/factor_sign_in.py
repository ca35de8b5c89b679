"""The second half of a sign-in: the second factor."""

from dataclasses import dataclass
from typing import NoReturn, Protocol

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import IncorrectFactor, InvalidMfaToken, InvalidPasskey, PasskeyNotAccepted
from bukhindor.domain.factor import FactorProof
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.origin import Origin
from bukhindor.domain.passkey import PresentedPasskey
from bukhindor.domain.sign_in import AwaitedFactor
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.ports.mfa_tokens import MfaTokens
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.factor_check import FactorCheck, FactorStore
from bukhindor.services.steps.passkey_proof import PasskeyProof, PasskeyProofStore
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, FactorStore, PasskeyProofStore, Protocol):
    """What the end of a sign-in needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSignIn:
    transactions: Writes[_Writing]
    mfa_tokens: MfaTokens
    factor_check: FactorCheck
    passkey_proof: PasskeyProof
    session_start: SessionStart
    token_issuer: TokenIssuer
    clock: Clock

    async def complete(
        self,
        mfa_token: str,
        proof: FactorProof | PresentedPasskey,
        device: Device,
        origin: Origin,
        guest_token: str | None = None,
    ) -> TokenPair:
        """Complete a sign-in that was refused with `mfa_required`, and start a session.

        The `mfa_token` of that refusal is valid for five minutes, for one sign-in, and from the same network. Any other
        sign-in of the account, or a new password, makes it invalid.

        The code of an authenticator app is accepted once, and thirty seconds before and after its time. A recovery code
        is accepted once. Each account has five wrong second factors in fifteen minutes; after one hundred in a row it
        needs a reset of the password by mail. A passkey of the account serves as well.

        A guest is merged into the account as at `/auth/login`; send `guest_token` here, too.

        Raises InvalidGuestToken, InvalidMfaToken, IncorrectFactor, PasskeyNotAccepted, AccountBanned, AccountInactive,
        EmailNotVerified, RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        awaited = self.mfa_tokens.read(mfa_token)
        if awaited is None or not awaited.is_from(origin, self.clock.now()):
            raise InvalidMfaToken
        if isinstance(proof, PresentedPasskey):
            caller = await self._start_with_passkey(awaited, proof, device, origin, guest)
        else:
            async with self.factor_check.budget(awaited.user_id):
                started = await self._start(awaited, proof, device, origin, guest)
                caller = started or await self._refuse(awaited, proof, origin)
        return self.token_issuer.issue(caller.session, caller.user, caller.session.created_at, guest)

    async def _start_with_passkey(
        self,
        awaited: AwaitedFactor,
        proof: PresentedPasskey,
        device: Device,
        origin: Origin,
        guest: PresentedGuest | None,
    ) -> Caller:
        """Start a session. A passkey can't be guessed, so a wrong one is recorded and counts against no budget."""
        now = self.clock.now()
        try:
            shown = await self.passkey_proof.check(proof.challenge_id, proof.credential)
            if shown.passkey.user_id != awaited.user_id:
                raise InvalidPasskey(awaited.user_id)
            async with self.transactions.begin() as tx:
                user = await self._half_signed_in(tx, awaited)
                await self.passkey_proof.accept(tx, shown, origin)
                half = awaited.completed(user.with_failed_factors(0), Method.PASSKEY, device, origin, now, guest)
                caller = await self.session_start.start(tx, half)
                await tx.commit()
        except InvalidPasskey:
            await self.passkey_proof.record_failure(origin, awaited.user_id)
            raise PasskeyNotAccepted from None
        return caller

    async def _half_signed_in(self, tx: HasUsers, awaited: AwaitedFactor) -> User:
        """The account as it is now. Raises InvalidMfaToken when it has changed since the first factor."""
        user = await tx.users.by_id(awaited.user_id)
        if user is None or not awaited.fits(user):
            raise InvalidMfaToken
        return user

    async def _refuse(self, awaited: AwaitedFactor, proof: FactorProof, origin: Origin) -> NoReturn:
        await self.factor_check.record_failure(awaited.user_id, proof, origin, "sign_in")
        raise IncorrectFactor

    async def _start(
        self,
        awaited: AwaitedFactor,
        proof: FactorProof,
        device: Device,
        origin: Origin,
        guest: PresentedGuest | None,
    ) -> Caller | None:
        """Start a session; None when the second factor is wrong."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await self._half_signed_in(tx, awaited)
            used = await self.factor_check.use(tx, user, proof, origin, now)
            if used is None:
                return None
            caller = await self.session_start.start(tx, awaited.completed(*used, device, origin, now, guest))
            await tx.commit()
        return caller
