"""Signing in with an account at another provider."""

from dataclasses import dataclass, replace
from typing import Protocol

from bukhindor.domain.device import Device
from bukhindor.domain.errors import IdentityEmailNotVerified, InvalidAuthorizationCode, InvalidIdToken
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.identity import IdentityClaims, ProviderGrant
from bukhindor.domain.identity_web_flow import CodeVerifier, ProvenIdentity
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.origin import Origin
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.store.identities import Identities
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.passkeys import Passkeys
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.identity_admission import Applicant, IdentityAdmission
from bukhindor.services.steps.identity_journey import IdentityJourney
from bukhindor.services.steps.identity_proof import IdentityProof
from bukhindor.services.steps.planted_access import PlantedFactorStore
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, HasOneTimeTokens, PlantedFactorStore, Protocol):
    """What a sign-in with an identity needs from the store."""

    @property
    def identities(self) -> Identities:
        """All identities: one step removes those of an account, another one finds the one that signs in."""

    @property
    def passkeys(self) -> Passkeys:
        """All passkeys: one step removes those of an account, another one sees whether it has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """What a native sheet returns to the app, and the nonce that the app chose for it."""

    id_token: str
    nonce: str
    name: str | None = None
    authorization_code: str | None = None


@dataclass(frozen=True, slots=True)
class IdentitySignedIn:
    """`is_new` means that this sign-in created the account."""

    tokens: TokenPair
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySignIn:
    transactions: Writes[_Writing]
    proof: IdentityProof
    journey: IdentityJourney
    admission: IdentityAdmission
    session_start: SessionStart
    token_issuer: TokenIssuer
    clock: Clock

    async def by_token(
        self,
        provider: str,
        token: IdToken,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        language: LanguageTag | None = None,
        guest_token: str | None = None,
    ) -> IdentitySignedIn:
        """Start a session with the ID token that the provider gave to your app.

        The token must be for one of this service's client ids, at most ten minutes old, and contain the nonce or its
        SHA-256. It is good for one sign-in. The first sign-in links the account at the provider to the account here
        that has its verified address, or creates one where registration is open. If the address was not verified here,
        the account's password, its second factors and all its sessions end first (account pre-hijacking,
        CVE-2024-38351). A mail notifies you of the link.

        An account with a second factor gets `mfa_required` in place of a session, unless the provider has checked one
        and the operator trusts it. With Apple's `authorization_code` the service can withdraw its access when the
        account is deleted; a code that Apple refuses does not stop the sign-in. `created` says whether the account is
        new. A guest is merged into the account as at `/auth/login`, also into a new one; to keep the id of the guest,
        link the identity to the guest's account instead.

        Raises InvalidGuestToken, ProviderNotFound, InvalidIdToken, IdentityEmailNotVerified, ProviderUnavailable,
        RegistrationClosed, InvalidValue, AccountBanned, AccountInactive, AccountLocked, EmailNotVerified, MfaRequired.
        """
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        try:
            claims = await self.proof.check(provider, token.id_token, token.nonce)
            grant = await self.proof.grant(claims, token.authorization_code)
            return await self._sign_in(claims, grant, device, origin, device_proof, token.name, language, guest)
        except (InvalidIdToken, IdentityEmailNotVerified) as refusal:
            await self.proof.record_failure(provider, refusal, origin)
            raise

    async def by_claims(
        self,
        claims: IdentityClaims,
        grant: ProviderGrant | None,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        name: str | None = None,
        language: LanguageTag | None = None,
        guest_token: str | None = None,
    ) -> IdentitySignedIn:
        """Start a session, as `by_token` does, for claims that this server has verified."""
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        try:
            return await self._sign_in(claims, grant, device, origin, device_proof, name, language, guest)
        except (InvalidIdToken, IdentityEmailNotVerified) as refusal:
            await self.proof.record_failure(claims.provider, refusal, origin)
            raise

    async def by_code(
        self,
        code: str,
        verifier: CodeVerifier,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        language: LanguageTag | None = None,
        guest_token: str | None = None,
    ) -> IdentitySignedIn:
        """Start a session with the `code` that a browser brought back from the provider.

        The code works for 60 seconds, once, and with the `code_verifier` whose challenge began the sign-in. The rules
        for accounts, second factors, mails and guests are those of a sign-in with an ID token. `created` says whether
        the account is new.

        Raises InvalidGuestToken, InvalidAuthorizationCode, IdentityEmailNotVerified, RegistrationClosed, InvalidValue,
        AccountBanned, AccountInactive, AccountLocked, EmailNotVerified, MfaRequired.
        """
        proven = self.journey.end(code, verifier)
        return await self._by_identity(proven, device, origin, device_proof, language, guest_token)

    async def on_page(
        self,
        code: str,
        browser: str | None,
        device: Device,
        origin: Origin,
        device_proof: str = "",
        language: LanguageTag | None = None,
    ) -> IdentitySignedIn:
        """Start a session, as `by_code` does, for a hosted page; `browser` is what its browser keeps."""
        return await self._by_identity(self.journey.end_on_page(code, browser), device, origin, device_proof, language)

    async def _by_identity(
        self,
        identity: ProvenIdentity,
        device: Device,
        origin: Origin,
        device_proof: str,
        language: LanguageTag | None,
        guest_token: str | None = None,
    ) -> IdentitySignedIn:
        try:
            return await self.by_claims(
                identity.claims, identity.grant, device, origin, device_proof, identity.name, language, guest_token
            )
        except InvalidIdToken:
            raise InvalidAuthorizationCode from None

    async def _sign_in(
        self,
        claims: IdentityClaims,
        grant: ProviderGrant | None,
        device: Device,
        origin: Origin,
        device_proof: str,
        name: str | None,
        language: LanguageTag | None,
        guest: PresentedGuest | None,
    ) -> IdentitySignedIn:
        settings = self.proof.provider(claims.provider).settings
        applicant = Applicant(
            claims=claims, settings=settings, grant=grant, origin=origin, name=name, language=language
        )
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            await tx.identities.use_up(claims.token_hash, claims.expires_at)
            admitted = await self.admission.admit(tx, applicant, now)
            half = await self.session_start.half_signed_in(
                tx, admitted.user, Method.IDENTITY, device, origin, device_proof, now, guest
            )
            # Only of an identity that is linked does the operator trust that the provider has checked two factors.
            methods = half.methods if admitted.identity is None else claims.methods(settings)
            caller = await self.session_start.start(tx, replace(half, methods=methods))
            # `start` refuses an account to which nothing was linked, or asks for its second factor.
            assert admitted.identity is not None  # noqa: S101
            # The session ends when the provider reports that the person has withdrawn their consent.
            await tx.identities.remember_session(admitted.identity.id, caller.session.id)
            await tx.commit()
        tokens = self.token_issuer.issue(caller.session, caller.user, now, guest)
        return IdentitySignedIn(tokens, admitted.is_new)
