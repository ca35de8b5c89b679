"""Signing in with a passkey."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import InvalidPasskey
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.origin import Origin
from bukhindor.domain.passkey import PasskeyChallenge, UsedCredential
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.transactions import Writes
from bukhindor.services.steps.passkey_proof import PasskeyProof, ShownPasskey
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, HasPasskeys, Protocol):
    """What a sign-in with a passkey needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySignIn:
    transactions: Writes[_Writing]
    proof: PasskeyProof
    session_start: SessionStart
    token_issuer: TokenIssuer

    def options(self) -> tuple[PasskeyChallenge, str]:
        """Return a challenge, and the options for `navigator.credentials.get()`.

        They name no passkey and no account: the device offers those that it has. So they are the same for every
        address, known or unknown. The challenge is good for five minutes and one sign-in.
        """
        challenge = self.proof.challenges.for_request(self.proof.clock.now())
        return challenge, self.proof.ceremonies.request_options(challenge)

    async def sign_in(
        self,
        challenge_id: str,
        credential: UsedCredential,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        guest_token: str | None = None,
    ) -> TokenPair:
        """Start a session. A passkey counts as two factors: the device has verified the person itself.

        The page or app must be one of `PASSKEY_ORIGINS`, and the passkey one for `PASSKEY_RP_ID`. Whatever is wrong,
        the refusal is the same. Where an authenticator counts its uses and the counter goes back, a copy of it is in
        use: that is refused and recorded. Devices, mails and limits of sessions are those of a sign-in with a password,
        and a guest is merged into the account as there.

        Raises InvalidGuestToken, InvalidPasskey, AccountBanned, AccountInactive, AccountLocked, EmailNotVerified.
        """
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        try:
            shown = await self.proof.check(challenge_id, credential)
            caller = await self._start(shown, device, origin, device_proof, guest)
        except InvalidPasskey as invalid:
            await self.proof.record_failure(origin, invalid.user_id)
            raise
        return self.token_issuer.issue(caller.session, caller.user, caller.session.created_at, guest)

    async def _start(
        self, shown: ShownPasskey, device: Device, origin: Origin, device_proof: str, guest: PresentedGuest | None
    ) -> Caller:
        now = self.proof.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(shown.passkey.user_id)
            if user is None:
                raise InvalidPasskey
            await self.proof.accept(tx, shown, origin)
            half = await self.session_start.half_signed_in(
                tx, user, Method.PASSKEY, device, origin, device_proof, now, guest
            )
            caller = await self.session_start.start(tx, half)
            await tx.commit()
        return caller
