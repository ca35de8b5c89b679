"""The use cases over the adapters that settings ask for."""

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.common_passwords import load_common_passwords
from bukhindor.adapters.crypto.device_proofs import SignedDeviceProofs
from bukhindor.adapters.crypto.identity_web_flow import SealedWebFlows
from bukhindor.adapters.crypto.mfa_tokens import SealedMfaTokens
from bukhindor.adapters.crypto.one_time_secrets import DerivedOneTimeSecrets
from bukhindor.adapters.crypto.passkey_challenges import SignedPasskeyChallenges
from bukhindor.adapters.crypto.recovery_secrets import DerivedRecoverySecrets
from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.adapters.crypto.totp_codes import PyotpTotpCodes
from bukhindor.adapters.system.identifiers import SystemIdentifiers
from bukhindor.adapters.webauthn.ceremonies import WebauthnCeremonies
from bukhindor.bootstrap.identity_providers import identity_providers
from bukhindor.config import Settings
from bukhindor.config.ways_in import EmailVerificationMode
from bukhindor.domain.audit import Retention
from bukhindor.domain.identity_web_flow import WebFlowAddresses
from bukhindor.domain.mail import LetterKind, MailLinks
from bukhindor.domain.one_time_token import LOCKDOWN
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.ways_in import AddressPolicy, WaysIn
from bukhindor.ports.mail import LetterWriter, Mailer
from bukhindor.ports.secrets import PasswordHasher
from bukhindor.ports.store.full import FullStore
from bukhindor.ports.system import Clock, LaterWork, RateLimiter
from bukhindor.services.assembly import Services, assemble
from bukhindor.services.requirements import Outside, Rules
from bukhindor.web.addresses import ACCOUNT, API, INVITATION, LOCKDOWN_PAGE, PAGE_OF, identity_callback


def build_services(
    settings: Settings,
    transactions: FullStore,
    hasher: PasswordHasher,
    limiter: RateLimiter,
    mailer: Mailer,
    writer: LetterWriter,
    later_work: LaterWork,
    secret_keys: SecretKeys,
    clock: Clock,
) -> Services:
    """Every use case, over the ports that it needs."""
    outside = Outside(
        transactions=transactions,
        hasher=hasher,
        limiter=limiter,
        mailer=mailer,
        writer=writer,
        identifiers=SystemIdentifiers(),
        clock=clock,
        later_work=later_work,
        access_tokens=_access_tokens(settings, secret_keys),
        refresh_tokens=DerivedRefreshTokens(secret_keys),
        device_proofs=SignedDeviceProofs(secret_keys),
        secrets=DerivedOneTimeSecrets(secret_keys),
        totp=PyotpTotpCodes(settings.product.name),
        recovery=DerivedRecoverySecrets(secret_keys),
        mfa_tokens=SealedMfaTokens(secret_keys),
        key_maker=Es256SigningKeyMaker(secret_keys),
        passkey_challenges=SignedPasskeyChallenges(secret_keys),
        identity_providers=identity_providers(settings, clock),
        web_flow_seals=SealedWebFlows(secret_keys),
        passkey_ceremonies=WebauthnCeremonies(settings.apps.relying_party, settings.product.name),
    )
    rules = Rules(
        policy=session_policy(settings),
        signing_keys=settings.tokens.signing_keys,
        custom_claims=settings.tokens.claims,
        password_policy=PasswordPolicy(
            settings.accounts.min_password_length, load_common_passwords(), settings.product.name
        ),
        ways_in=_ways_in(settings),
        retention=Retention(settings.accounts.audit_retention, settings.accounts.guest_retention),
        links=mail_links(settings),
        web_flow_addresses=_web_flow_addresses(settings),
        wrong_codes=settings.limiting.limits.in_force(WRONG_CODES_PER_ACCOUNT),
    )
    return assemble(outside, rules)


def _ways_in(settings: Settings) -> WaysIn:
    ways_in = settings.ways_in
    blocked = frozenset(ways_in.blocked_email_domains)
    if ways_in.block_disposable_email:
        blocked |= _disposable_domains()
    return WaysIn(
        registration=ways_in.registration,
        addresses=AddressPolicy(frozenset(ways_in.allowed_email_domains), blocked),
        requires_verified_email=ways_in.email_verification is EmailVerificationMode.REQUIRED,
        review_accounts=ways_in.review_accounts,
    )


def _disposable_domains() -> frozenset[str]:
    # Most services do without the list, which takes a megabyte.
    from bukhindor.adapters.memory.disposable_domains import load_disposable_domains  # noqa: PLC0415

    return load_disposable_domains()


def _access_tokens(settings: Settings, secret_keys: SecretKeys) -> SignedAccessTokens:
    tokens = settings.tokens
    return SignedAccessTokens(str(settings.server.public_url), tokens.audiences, tokens.client_id, secret_keys)


def mail_links(settings: Settings) -> MailLinks:
    """Mailed links lead into the app when it is a web page; no mail program opens other addresses.

    A link that locks the account leads here: an app that is older than such links has no page for them.
    """
    app_url = settings.mail.app_url
    base = str(app_url) if app_url is not None and app_url.is_web else f"{settings.server.public_url}{ACCOUNT}"
    pages = {purpose.value: page for purpose, page in PAGE_OF.items()} | {LetterKind.INVITATION.value: INVITATION}
    addresses = {kind: f"{base}/{page}" for kind, page in pages.items()}
    addresses[LOCKDOWN] = f"{settings.server.public_url}{LOCKDOWN_PAGE}"
    return MailLinks(addresses.__getitem__)


def _web_flow_addresses(settings: Settings) -> WebFlowAddresses:
    return WebFlowAddresses(
        lambda provider: f"{settings.server.public_url}{API}{identity_callback(provider)}",
        frozenset(settings.apps.redirects),
    )


def session_policy(settings: Settings) -> SessionPolicy:
    return SessionPolicy(
        access_token=settings.accounts.jwt_expiration,
        idle=settings.accounts.refresh_token_expiration,
        absolute=settings.accounts.session_expiration,
        admin_absolute=settings.accounts.admin_session_expiration,
        fresh=settings.accounts.fresh_sign_in,
        second_factor_for=settings.ways_in.mfa_required.roles,
    )
