"""The second half of a sign-in: the second factor."""

from dataclasses import dataclass
from typing import NoReturn, Protocol

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import IncorrectFactor, InvalidMfaToken
from bukhindor.domain.factor import FactorProof
from bukhindor.domain.origin import Origin
from bukhindor.domain.sign_in import AwaitedFactor
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.mfa_tokens import MfaTokens
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.factor_check import FactorCheck, FactorStore
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, FactorStore, Protocol):
    """What the end of a sign-in needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSignIn:
    transactions: Writes[_Writing]
    mfa_tokens: MfaTokens
    factor_check: FactorCheck
    session_start: SessionStart
    token_issuer: TokenIssuer
    clock: Clock

    async def complete(self, mfa_token: str, proof: FactorProof, device: Device, origin: Origin) -> TokenPair:
        """Complete a sign-in that was refused with `mfa_required`, and start a session.

        The `mfa_token` of that refusal is valid for five minutes, for one sign-in, and from the same network. Any other
        sign-in of the account, or a new password, makes it invalid.

        The code of an authenticator app is accepted once, and thirty seconds before and after its time. A recovery code
        is accepted once. Each account has five wrong second factors in fifteen minutes; after one hundred in a row it
        needs a reset of the password by mail.

        Raises InvalidMfaToken, IncorrectFactor, AccountBanned, AccountInactive, EmailNotVerified, RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        awaited = self.mfa_tokens.read(mfa_token)
        if awaited is None or not awaited.is_from(origin, self.clock.now()):
            raise InvalidMfaToken
        async with self.factor_check.budget(awaited.user_id):
            caller = await self._start(awaited, proof, device, origin) or await self._refuse(awaited, proof, origin)
        return self.token_issuer.issue(caller.session, caller.user, caller.session.created_at)

    async def _refuse(self, awaited: AwaitedFactor, proof: FactorProof, origin: Origin) -> NoReturn:
        await self.factor_check.record_failure(awaited.user_id, proof, origin, "sign_in")
        raise IncorrectFactor

    async def _start(self, awaited: AwaitedFactor, proof: FactorProof, device: Device, origin: Origin) -> Caller | None:
        """Start a session; None when the second factor is wrong."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(awaited.user_id)
            if user is None or not awaited.fits(user):
                raise InvalidMfaToken
            used = await self.factor_check.use(tx, user, proof, origin, now)
            if used is None:
                return None
            caller = await self.session_start.start(tx, awaited.completed(*used, device, origin, now))
            await tx.commit()
        return caller
