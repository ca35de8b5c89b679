"""The list of everything this product can do."""

from dataclasses import dataclass

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
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin


@dataclass(frozen=True, slots=True)
class Services:
    authentication: Authentication
    password_reset: PasswordReset
    own_account: OwnAccount
    mail_delivery: MailDelivery
    measurements: Measurements
    email_verification: EmailVerification
    email_change: EmailChange
    audit_log: AuditLog
    health: Health
    password_change: PasswordChange
    profile: Profile
    registration: Registration
    sessions: Sessions
    sign_in: SignIn
    signing_key_ring: SigningKeyRing
    token_refresh: TokenRefresh
    upkeep: Upkeep
    user_admin: UserAdmin
