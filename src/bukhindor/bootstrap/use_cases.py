"""The use cases, built once from plain constructors."""

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.common_passwords import load_common_passwords
from bukhindor.adapters.crypto.device_proofs import SignedDeviceProofs
from bukhindor.adapters.crypto.one_time_secrets import DerivedOneTimeSecrets
from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.adapters.smtp.letters import TemplateLetters
from bukhindor.adapters.system.identifiers import SystemIdentifiers
from bukhindor.config import Settings
from bukhindor.domain.audit import Retention
from bukhindor.domain.mail import MailLinks
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Clock, Mailer, PasswordHasher, RateLimiter, Transactions
from bukhindor.services import Services
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.health import Health
from bukhindor.services.mail_delivery import MailDelivery
from bukhindor.services.measurements import Measurements
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.password_reset import PasswordReset
from bukhindor.services.profile import Profile
from bukhindor.services.registration import Registration
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.signing_key_ring import SigningKeyRing
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin

_AUDIENCE = "bukhindor"


def build_services(
    settings: Settings,
    transactions: Transactions,
    hasher: PasswordHasher,
    limiter: RateLimiter,
    mailer: Mailer,
    secret_keys: SecretKeys,
    clock: Clock,
) -> Services:
    """Every use case there is, over what it needs from outside."""
    identifiers = SystemIdentifiers()
    access_tokens = SignedAccessTokens(settings.public_url, _AUDIENCE, secret_keys)
    refresh_tokens = DerivedRefreshTokens(secret_keys)
    one_time_secrets = DerivedOneTimeSecrets(secret_keys)
    policy = session_policy(settings)
    passwords = PasswordPolicy(settings.min_password_length, load_common_passwords())
    device_proofs = SignedDeviceProofs(secret_keys)
    issuer = TokenIssuer(access_tokens, refresh_tokens, device_proofs, identifiers, policy)
    key_maker = Es256SigningKeyMaker(secret_keys)
    trail = AuditTrail(identifiers)
    letters = Letters(TemplateLetters("Bukhindor"), one_time_secrets, identifiers, mail_links(settings))
    wrong_codes = settings.limits.in_force(WRONG_CODES_PER_ACCOUNT)
    proofs = MailboxProofs(transactions, one_time_secrets, letters, trail, wrong_codes)
    password_check = PasswordCheck(transactions, hasher, device_proofs, letters, trail, limiter, clock)
    step_up = StepUp(password_check)
    removal = AccountRemoval(transactions, step_up, letters, trail, clock)
    return Services(
        audit_log=AuditLog(transactions, trail, limiter, clock),
        authentication=Authentication(transactions, access_tokens, policy, clock),
        email_change=EmailChange(transactions, step_up, proofs, letters, trail, limiter, clock),
        email_verification=EmailVerification(transactions, password_check, proofs, letters, trail, limiter, clock),
        health=Health(transactions, access_tokens, limiter),
        mail_delivery=MailDelivery(transactions, mailer, trail, clock),
        measurements=Measurements(transactions, clock),
        own_account=OwnAccount(transactions, removal, trail, limiter, clock),
        password_change=PasswordChange(
            transactions, hasher, passwords, issuer, step_up, letters, trail, identifiers, clock
        ),
        password_reset=PasswordReset(
            transactions,
            hasher,
            passwords,
            proofs,
            letters,
            trail,
            password_check,
            device_proofs,
            identifiers,
            limiter,
            clock,
        ),
        profile=Profile(transactions, trail, clock),
        registration=Registration(transactions, hasher, passwords, letters, trail, identifiers, clock),
        sessions=Sessions(transactions, trail, clock),
        sign_in=SignIn(transactions, hasher, password_check, issuer, letters, trail, identifiers, clock),
        signing_key_ring=SigningKeyRing(transactions, access_tokens, key_maker, policy, clock),
        token_refresh=TokenRefresh(transactions, refresh_tokens, issuer, trail, limiter, policy, clock),
        upkeep=Upkeep(transactions, policy, Retention(settings.audit_retention), clock),
        user_admin=UserAdmin(transactions, hasher, passwords, letters, removal, step_up, trail, identifiers, clock),
    )


def mail_links(settings: Settings) -> MailLinks:
    """Mailed links lead into the app where it is a web page; other addresses no mail program opens."""
    if settings.app_url.startswith(("http://", "https://")):
        return MailLinks(settings.app_url)
    return MailLinks(f"{settings.public_url}/account")


def session_policy(settings: Settings) -> SessionPolicy:
    return SessionPolicy(
        access_token=settings.jwt_expiration,
        idle=settings.refresh_token_expiration,
        absolute=settings.session_expiration,
        admin_absolute=settings.admin_session_expiration,
    )
