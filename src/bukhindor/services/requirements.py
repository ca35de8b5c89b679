"""What the use cases need from outside: ports, and the decisions of the operator."""

from collections.abc import Sequence
from dataclasses import dataclass

from bukhindor.domain.audit import Retention
from bukhindor.domain.custom_claims import CustomClaim
from bukhindor.domain.identity_web_flow import WebFlowAddresses
from bukhindor.domain.mail import MailLinks
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.rate_limit import Limit
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.signing_key import SigningKeyPolicy
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.factors import RecoverySecrets, TotpCodes
from bukhindor.ports.identity_provider import IdentityProviders
from bukhindor.ports.identity_web_flow import WebFlowSeals
from bukhindor.ports.mail import LetterWriter, Mailer
from bukhindor.ports.mfa_tokens import MfaTokens
from bukhindor.ports.passkeys import PasskeyCeremonies, PasskeyChallenges
from bukhindor.ports.secrets import (
    DeviceProofs,
    OneTimeSecrets,
    PasswordHasher,
    RefreshTokens,
)
from bukhindor.ports.store.full import FullStore
from bukhindor.ports.system import Clock, Identifiers, LaterWork, RateLimiter
from bukhindor.ports.token_keys import KeyedAccessTokens, SigningKeyMaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The ports that the use cases need."""

    transactions: FullStore
    hasher: PasswordHasher
    limiter: RateLimiter
    mailer: Mailer
    writer: LetterWriter
    identifiers: Identifiers
    clock: Clock
    later_work: LaterWork
    access_tokens: KeyedAccessTokens
    refresh_tokens: RefreshTokens
    device_proofs: DeviceProofs
    secrets: OneTimeSecrets
    totp: TotpCodes
    recovery: RecoverySecrets
    mfa_tokens: MfaTokens
    key_maker: SigningKeyMaker
    passkey_challenges: PasskeyChallenges
    passkey_ceremonies: PasskeyCeremonies
    identity_providers: IdentityProviders
    web_flow_seals: WebFlowSeals


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The operator's decisions: lifetimes, policies, figures, and where mailed links lead."""

    policy: SessionPolicy
    signing_keys: SigningKeyPolicy
    custom_claims: Sequence[CustomClaim]
    password_policy: PasswordPolicy
    ways_in: WaysIn
    retention: Retention
    links: MailLinks
    web_flow_addresses: WebFlowAddresses
    wrong_codes: Limit
