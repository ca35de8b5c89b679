"""Signing in with an email address and a password."""

import logging
from dataclasses import dataclass, replace

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidCredentials, Unavailable
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.password_attempt import AttemptKind, PasswordAttempt
from bukhindor.domain.sign_in import HalfSignedIn
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    transactions: Writes[SessionStartStore]
    hasher: PasswordHasher
    password_check: PasswordCheck
    token_issuer: TokenIssuer
    session_start: SessionStart
    clock: Clock

    async def login(
        self,
        email: EmailAddress,
        password: Password,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        guest_token: str | None = None,
    ) -> TokenPair:
        """Start a session.

        The response and its duration are the same for an unknown address and a wrong password. Only with the right
        password do you learn that the account is banned or inactive, or that its address must be verified
        first. Other sessions continue; past one hundred the one that was unused for longest ends. A device that sends
        its id and the device proof of its last session replaces that session.

        Each account has three budgets of ten failures in fifteen minutes: for clients with a device proof of the
        account, for networks from which it signed in or was reset within 30 days, and for strangers. So strangers delay
        strangers only. After one hundred failures of strangers in a row they need a reset by mail; the other two kinds
        continue. A mail reports a sign-in from a device that none of the account's sessions knows.

        An account with a second factor gets `mfa_required` in place of a session, with an `mfa_token` that continues
        this sign-in at `/auth/login/factor`.

        With the access token of a guest as `guest_token` that guest is merged into the account: the guest's metadata
        joins unless the account has a member of that name, the guest's account and sessions end, and the response says
        in `merged_from` whose they were. All of it happens with the sign-in, or nothing does.

        Raises InvalidGuestToken, InvalidCredentials, AccountBanned, AccountInactive, EmailNotVerified, MfaRequired,
        RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        attempt = await self.password_check.sign_in_attempt(email, origin, device_proof)
        async with self.password_check.budget(attempt):
            while True:
                user, is_outdated = await self._recognise(attempt, password)
                if is_outdated and user.has_factor:
                    # What waits for the second factor is bound to the hash, so the new hash comes first.
                    user = await self._upgrade_hash(user, password, origin)
                caller = await self._start(attempt, user, device, guest)
                if caller is not None:
                    break
                # The hash changed during the comparison: it is a new password, or the same one under a new hash.
                attempt = await self.password_check.sign_in_attempt(email, origin, device_proof)
        session = caller.session
        tokens = self.token_issuer.issue(session, caller.user, session.created_at, guest)
        if is_outdated and not user.has_factor:
            await self._upgrade_hash(caller.user, password, origin)
        return tokens

    async def _recognise(self, attempt: PasswordAttempt, password: Password) -> tuple[User, bool]:
        """Return the account whose password matches, and whether its stored hash is outdated."""
        verdict = await self.password_check.verify(attempt, password)
        if attempt.user is None or not verdict.matches:
            await self.password_check.record_failure(attempt, "sign_in")
            raise InvalidCredentials
        return attempt.user, verdict.outdated

    async def _start(
        self, attempt: PasswordAttempt, known: User, device: Device, guest: PresentedGuest | None
    ) -> Caller | None:
        """Start a session; None when the account no longer has the hash that was compared."""
        async with self.transactions.begin() as tx:
            # The account may have changed while the hash was computed; its present state decides.
            user = await tx.users.by_id(known.id)
            if user is None or replace(attempt, user=user).password_hash != known.password_hash:
                return None
            half = HalfSignedIn(
                user=user.with_failed_sign_ins(0) if attempt.kind is AttemptKind.STRANGER else user,
                methods=(Method.PASSWORD,),
                authenticated_at=self.clock.now(),
                origin=attempt.origin,
                device=device,
                kind=attempt.kind,
                proven_device=attempt.device,
                network_used_at=attempt.network_used_at,
                guest=guest,
            )
            caller = await self.session_start.start(tx, half)
            await tx.commit()
        return caller

    async def _upgrade_hash(self, user: User, password: Password, origin: Origin) -> User:
        """Store the password under a hash with the current parameters, and return the user with it. It can wait for
        another sign-in, so it never fails this one.
        """
        try:
            upgraded = await self.hasher.hash(password, Requester(origin.site, user.email.value))
            async with self.transactions.begin() as tx:
                current = await tx.users.by_id(user.id)
                if current is not None and current.password_hash == user.password_hash:
                    current = replace(current, password_hash=upgraded)
                    await tx.users.save(current)
                    await tx.commit()
                    return current
        except Unavailable as unavailable:
            _log.warning("password hash not upgraded: %s", unavailable.code)
        return user
