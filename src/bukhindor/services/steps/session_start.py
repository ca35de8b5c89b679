"""The one way into a session: every way of signing in ends here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import AccountLocked, Denied, EmailNotVerified, MfaRequired
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.password_attempt import is_worth_recording, sign_in_kind
from bukhindor.domain.session import MAX_SESSIONS_PER_USER, Session, SessionPolicy
from bukhindor.domain.sign_in import AwaitedFactor, HalfSignedIn
from bukhindor.domain.sign_in_method import Level, Method, level_of
from bukhindor.domain.user import User
from bukhindor.ports.mfa_tokens import MfaTokens
from bukhindor.ports.secrets import DeviceProofs
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.familiar_networks import HasFamiliarNetworks
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.erasure import Removable
from bukhindor.services.steps.guest_merge import GuestMerge
from bukhindor.services.steps.letters import Letters


class SessionStartStore(
    HasUsers,
    HasSessions,
    HasFamiliarNetworks,
    HasRecoveryCodes,
    HasPasskeys,
    HasLockdownLinks,
    HasOutbox,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What the start of a session needs from the store."""

    @property
    def kept_responses(self) -> Removable:
        """What the removal of a guest's account removes, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStart:
    """Shared by every way of signing in: the checks, the session, the mail and the records."""

    letters: Letters
    trail: AuditTrail
    device_proofs: DeviceProofs
    mfa_tokens: MfaTokens
    guest_merge: GuestMerge
    identifiers: Identifiers
    policy: SessionPolicy
    requires_verified_email: bool

    async def start(self, tx: SessionStartStore, half: HalfSignedIn) -> Caller:
        """Start a session in `tx`, which the use case commits. A refusal is recorded, and commits `tx` itself.

        The session that the device had before ends. So do sessions that are over, and past one hundred those that were
        unused for longest. A mail reports a device that none of the account's sessions knows,
        except at the first sign-in. The client's network becomes familiar.

        An account with a second factor is not signed in by the first one alone. A guest whose token came with the
        request is merged into the account at the very end, in the same transaction.

        Raises AccountBanned, AccountInactive, AccountLocked, MfaRequired, InvalidGuestToken, and EmailNotVerified where
        the operator requires a verified address.
        """
        await self._refuse_unless_admitted(tx, half)
        if half.user.has_factor and level_of(half.methods) is Level.AAL1:
            await self._ask_for_factor(tx, half)
        user, device, origin, now = half.user, half.device, half.origin, half.authenticated_at
        if user.last_login_at is not None and not await tx.sessions.has_device(user.id, device):
            await self.letters.warn(tx, user, LetterKind.NEW_DEVICE, origin, now)
        if half.guest is not None:
            user = await self.guest_merge.merge(tx, user, half.guest, origin, now)
        user = user.signed_in(now)
        session = Session.start(
            self.identifiers.session_id(), user.id, self.identifiers.seed(), device, half.methods, now
        )
        await tx.users.save(user)
        replaced = await self._end_replaced(tx, half)
        await tx.sessions.add(session)
        await tx.sessions.remove_beyond(MAX_SESSIONS_PER_USER, session, user.role, now, self.policy)
        if is_worth_recording(origin.wider_network, half.network_used_at, now):
            await tx.familiar_networks.record(user.id, origin.wider_network, now)
        caller = Caller(user, session, origin)
        await tx.audit_events.add(self.trail.by(caller, AuditType.SIGNED_IN, now, **_details(half), **replaced))
        return caller

    async def half_signed_in(
        self,
        tx: HasFamiliarNetworks,
        user: User,
        method: Method,
        device: Device,
        origin: Origin,
        device_proof: str,
        now: datetime,
        guest: PresentedGuest | None = None,
    ) -> HalfSignedIn:
        """The owner of an account who has proved `method`, with what the client presents besides."""
        networks = dict(await tx.familiar_networks.of_user(user.id))
        network_used_at = networks.get(origin.wider_network)
        proven = self.device_proofs.device_of(device_proof, user.id, now)
        return HalfSignedIn(
            user=user,
            methods=(method,),
            authenticated_at=now,
            origin=origin,
            device=device,
            kind=sign_in_kind(proven, network_used_at, now),
            proven_device=proven or "",
            network_used_at=network_used_at,
            guest=guest,
        )

    async def _end_replaced(self, tx: SessionStartStore, half: HalfSignedIn) -> dict[str, str]:
        """End the session that this device had before. Returns what the audit says about it.

        The id of the device alone is not enough: apps may send the same one from many devices, and anyone can send it.
        So the device proof must come from that very session.
        """
        if half.device.device_id is not None and half.proven_device:
            for session_id in await tx.sessions.on_device(half.user.id, half.device.device_id):
                if self.device_proofs.is_named(half.proven_device, session_id):
                    await tx.sessions.remove(session_id)
                    return {"replaced": str(session_id)}
        return {}

    async def _refuse_unless_admitted(self, tx: SessionStartStore, half: HalfSignedIn) -> None:
        now = half.authenticated_at
        try:
            half.user.refuse_unless_active(now)
            if half.user.locked_at is not None:
                raise AccountLocked
            if self.requires_verified_email and not half.user.email_verified:
                raise EmailNotVerified
        except Denied as denied:
            details = {**_details(half), "reason": denied.code}
            failed = self.trail.by_stranger(half.origin, AuditType.SIGN_IN_FAILED, now, half.user.id, **details)
            await tx.audit_events.add(failed)
            await tx.commit()
            raise

    async def _ask_for_factor(self, tx: SessionStartStore, half: HalfSignedIn) -> None:
        """Raise MfaRequired. Nothing else has changed: failures before this sign-in still count."""
        factors = ["totp"]
        if await tx.recovery_codes.count(half.user.id):
            factors.append("recovery_code")
        if await tx.passkeys.of_user(half.user.id):
            factors.append("passkey")
        asked = self.trail.by_stranger(
            half.origin, AuditType.FACTOR_ASKED, half.authenticated_at, half.user.id, **_details(half)
        )
        await tx.audit_events.add(asked)
        await tx.commit()
        raise MfaRequired(self.mfa_tokens.issue(AwaitedFactor.of(half)), tuple(factors))


def _details(half: HalfSignedIn) -> dict[str, str]:
    return {"kind": half.kind.value, "methods": " ".join(half.methods)}
