"""Every endpoint: its path, who may call it, and what it can refuse. This table is the security policy."""

from datetime import timedelta

from bukhindor.domain.act import Act
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    AccountLocked,
    EmailNotVerified,
    EmailRequired,
    EmailTaken,
    FactorConfirmed,
    FactorNotFound,
    Forbidden,
    IdentityEmailNotVerified,
    IdentityNotFound,
    IdentityTaken,
    IncorrectFactor,
    IncorrectPassword,
    InvalidAuthorizationCode,
    InvalidCredentials,
    InvalidGuestToken,
    InvalidIdToken,
    InvalidInput,
    InvalidMfaToken,
    InvalidOneTimeToken,
    InvalidPasskey,
    InvalidRefreshToken,
    InvalidWebFlow,
    InvitationNotFound,
    LastAdmin,
    LastSignInMethod,
    MfaRequired,
    NoFactor,
    NotAGuest,
    NotSignedIn,
    PasskeyNotAccepted,
    PasskeyNotFound,
    PasswordExists,
    ProviderNotFound,
    ProviderUnavailable,
    RateLimited,
    ReauthenticationRequired,
    RedirectNotAllowed,
    RefreshTokenReused,
    RegistrationClosed,
    SessionNotFound,
    StoreUnavailable,
    TooBusy,
    TooManyFactors,
    TooManyIdentities,
    TooManyPasskeys,
    UserNotFound,
)
from bukhindor.domain.rate_limit import (
    GUESTS_PER_NETWORK,
    REFUSED_PASSKEYS_PER_NETWORK,
    REFUSED_REFRESHES_PER_NETWORK,
    REGISTRATIONS_PER_NETWORK,
)
from bukhindor.domain.service_key import Scope
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.factor_reset import FactorReset
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.first_password import FirstPassword
from bukhindor.services.guests import Guests
from bukhindor.services.identities import Identities
from bukhindor.services.identity_sign_in import IdentitySignIn
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.services.introspection import Introspection
from bukhindor.services.invitation_acceptance import InvitationAcceptance
from bukhindor.services.invitations import Invitations
from bukhindor.services.lockdown import Lockdown
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.services.passkey_sign_in import PasskeySignIn
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.password_reset import PasswordReset
from bukhindor.services.profile import Profile
from bukhindor.services.provider_notices import ProviderNotices
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.services.registration import Registration
from bukhindor.services.second_factors import SecondFactors
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.services.sign_out import SignOut
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.user_admin import UserAdmin
from bukhindor.services.user_listing import UserListing
from bukhindor.web.addresses import API, DISCOVERY, HEALTH, IDENTITY_SIGN_IN, INTROSPECTION, JWKS, identity_callback
from bukhindor.web.api import (
    audit_log,
    discovery,
    email_change,
    email_verification,
    factor_sign_in,
    first_password,
    forward_auth,
    guests,
    health,
    identities,
    identity_sign_in,
    identity_web_flow,
    introspection,
    invitation_acceptance,
    invitations,
    lockdown,
    own_account,
    passkey_sign_in,
    passkeys,
    password_change,
    password_reset,
    profile,
    provider_notices,
    reauthentication,
    registration,
    second_factors,
    sessions,
    sign_in,
    sign_in_code,
    sign_out,
    signing_key_ring,
    token_refresh,
    user_admin,
    user_listing,
)
from bukhindor.web.endpoint.limits import (
    GUESSES,
    GUESSES_OF_CODES,
    IDENTITY_STARTS,
    MAILS,
    REFUSED_IDENTITIES,
    Counted,
    NetworkLimit,
)
from bukhindor.web.endpoint.refusals import CrossSiteRequest, NotReady
from bukhindor.web.endpoint.row import Access, BrowserEndpoint, Endpoint, FormEndpoint

_ANYONE, _TOKEN, _SIGNED_IN, _ADMIN = Access.ANYONE, Access.TOKEN_HOLDER, Access.SIGNED_IN, Access.ADMIN
_USER = "/users/{user_id}"
_CACHE_LIFE = timedelta(minutes=5)

_GUESTS = NetworkLimit(GUESTS_PER_NETWORK, Counted.EVERY_CALL)
_REGISTRATIONS = NetworkLimit(REGISTRATIONS_PER_NETWORK, Counted.EVERY_CALL)
_REFUSED_PASSKEYS = NetworkLimit(REFUSED_PASSKEYS_PER_NETWORK, Counted.REFUSALS)
_REFUSED_REFRESHES = NetworkLimit(REFUSED_REFRESHES_PER_NETWORK, Counted.REFUSALS)

_CLOSED = (AccountBanned, AccountInactive, AccountLocked)
_CHANGE_REFUSALS = (
    UserNotFound, Forbidden, ReauthenticationRequired, IncorrectPassword, EmailTaken, LastAdmin, RateLimited, TooBusy,
)  # fmt: skip
_CHANGE_ACTS = (Act.CHANGE_EMAIL, Act.CHANGE_EMAIL_OF_OTHER, Act.CHANGE_ROLE, Act.CHANGE_STATUS)

# fmt: off
_SERVICE = (
    Endpoint("GET", HEALTH, health.health, _ANYONE, "Service"),
    Endpoint("GET", f"{HEALTH}/live", health.live, _ANYONE, "Service"),
    Endpoint("GET", f"{HEALTH}/ready", health.ready, _ANYONE, "Service", refuses=(NotReady,)),
    Endpoint("GET", JWKS, signing_key_ring.jwks, _ANYONE, "Service", refuses=(StoreUnavailable,),
             cache_life=_CACHE_LIFE),
    Endpoint("GET", DISCOVERY[0], discovery.openid_configuration, _ANYONE, "Service", cache_life=_CACHE_LIFE),
    Endpoint("GET", DISCOVERY[1], discovery.oauth_authorization_server, _ANYONE, "Service", cache_life=_CACHE_LIFE),
)
_AUTH = (
    Endpoint("GET", "/auth/verify", forward_auth.verify, _SIGNED_IN, "Service", refuses=(StoreUnavailable,),
             rules=Authentication.authenticate),
    FormEndpoint("POST", INTROSPECTION, introspection.introspect_token, Access.SERVICE, "Service",
                 scope=Scope.TOKENS_INTROSPECT, accepts_json=True, rules=Introspection.introspect),
    Endpoint("POST", "/auth/register", registration.register, _ANYONE, "Account", 201,
             refuses=(RegistrationClosed, EmailTaken, TooBusy), limits=(_REGISTRATIONS,),
             rules=Registration.register, keeps_response=True),
    Endpoint("POST", "/auth/guest", guests.begin_as_guest, _ANYONE, "Account", 201,
             refuses=(RegistrationClosed, RateLimited), limits=(_GUESTS,), rules=Guests.start, starts_session=True),
    Endpoint("POST", "/auth/guest/upgrade", guests.upgrade_guest, _SIGNED_IN, "Account",
             refuses=(NotAGuest, EmailTaken, TooBusy), limits=(_REGISTRATIONS,), rules=Guests.upgrade,
             keeps_response=True, accepts_single_factor=True),
    Endpoint("POST", "/auth/invitations/accept", invitation_acceptance.accept_invitation, _ANYONE, "Account", 201,
             refuses=(InvalidOneTimeToken, RegistrationClosed, EmailTaken, TooBusy), limits=(GUESSES,),
             rules=InvitationAcceptance.accept, keeps_response=True),
    Endpoint("POST", "/auth/login", sign_in.login, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidCredentials, *_CLOSED, EmailNotVerified, MfaRequired, RateLimited,
                      TooBusy),
             rules=SignIn.login, starts_session=True),
    Endpoint("POST", "/auth/login/factor", factor_sign_in.login_with_factor, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidMfaToken, IncorrectFactor, PasskeyNotAccepted, *_CLOSED,
                      EmailNotVerified, RateLimited, TooBusy),
             limits=(GUESSES,), rules=FactorSignIn.complete, starts_session=True),
    Endpoint("POST", "/auth/reauthenticate", reauthentication.reauthenticate, _SIGNED_IN, "Sign-in",
             refuses=(IncorrectPassword, IncorrectFactor, InvalidOneTimeToken, PasskeyNotAccepted, RateLimited,
                      TooBusy),
             limits=(GUESSES_OF_CODES,), rules=Reauthentication.prove, accepts_single_factor=True),
    Endpoint("POST", "/auth/sign-in-code", sign_in_code.mail_sign_in_code, _ANYONE, "Sign-in",
             limits=MAILS, rules=SignInCode.request),
    Endpoint("POST", "/auth/sign-in-code/confirm", sign_in_code.confirm_sign_in, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidOneTimeToken, *_CLOSED, EmailNotVerified, MfaRequired),
             limits=(GUESSES,), rules=SignInCode.confirm, starts_session=True),
    Endpoint("POST", "/auth/refresh", token_refresh.refresh, _ANYONE, "Sign-in",
             refuses=(NotSignedIn, InvalidRefreshToken, RefreshTokenReused, CrossSiteRequest),
             limits=(_REFUSED_REFRESHES,), rules=TokenRefresh.refresh),
    Endpoint("POST", "/auth/logout", sign_out.logout, _TOKEN, "Sessions", refuses=(InvalidRefreshToken,),
             rules=SignOut.log_out),
    FormEndpoint("POST", "/auth/revoke", sign_out.revoke_token, _ANYONE, "Sessions", rules=SignOut.revoke),
    Endpoint("POST", "/auth/logout-all", sessions.logout_all, _SIGNED_IN, "Sessions",
             rules=Sessions.log_out_everywhere,
             accepts_single_factor=True),
    Endpoint("POST", "/auth/lockdown", lockdown.lock_account, _ANYONE, "Account",
             refuses=(NotSignedIn, EmailRequired, InvalidOneTimeToken), limits=(GUESSES,), rules=Lockdown.lock_own,
             recognises_caller=True),
    Endpoint("GET", "/auth/me", profile.me, _SIGNED_IN, "Account", rules=Authentication.authenticate,
             accepts_single_factor=True),
    Endpoint("PATCH", "/auth/me", profile.update_me, _SIGNED_IN, "Account", refuses=(Forbidden,),
             rules=Profile.change),
    Endpoint("GET", "/auth/sessions", sessions.list_sessions, _SIGNED_IN, "Sessions", rules=Sessions.list,
             accepts_single_factor=True),
    Endpoint("DELETE", "/auth/sessions/{session_id}", sessions.end_session, _SIGNED_IN, "Sessions",
             refuses=(SessionNotFound,), rules=Sessions.end,
             accepts_single_factor=True),
    Endpoint("POST", "/auth/change-password", password_change.change_password, _SIGNED_IN, "Account",
             refuses=(IncorrectPassword, RateLimited, TooBusy), rules=PasswordChange.change,
             repeatable=True, acts=(Act.CHANGE_PASSWORD,)),
    Endpoint("PUT", "/auth/password", first_password.add_password, _SIGNED_IN, "Account",
             refuses=(EmailRequired, PasswordExists, ReauthenticationRequired, TooBusy), rules=FirstPassword.add,
             acts=(Act.ADD_PASSWORD,)),
    Endpoint("DELETE", "/auth/me", own_account.delete_me, _SIGNED_IN, "Account",
             refuses=(ReauthenticationRequired, IncorrectPassword, LastAdmin, RateLimited, TooBusy),
             rules=OwnAccount.delete, keeps_response=True, acts=(Act.DELETE_ACCOUNT,)),
    Endpoint("POST", "/auth/me/delete", own_account.delete_me_by_post, _SIGNED_IN, "Account",
             refuses=(ReauthenticationRequired, IncorrectPassword, LastAdmin, RateLimited, TooBusy),
             rules=OwnAccount.delete, keeps_response=True, acts=(Act.DELETE_ACCOUNT,)),
    Endpoint("GET", "/auth/me/export", own_account.export_me, _SIGNED_IN, "Account", refuses=(RateLimited,),
             rules=OwnAccount.export),
)
_FACTORS = (
    Endpoint("GET", "/auth/factors", second_factors.list_factors, _SIGNED_IN, "Factors", rules=SecondFactors.overview,
             accepts_single_factor=True),
    Endpoint("POST", "/auth/factors/totp", second_factors.add_totp, _SIGNED_IN, "Factors", 201,
             refuses=(EmailRequired, TooManyFactors, ReauthenticationRequired), rules=SecondFactors.add_totp,
             acts=(Act.ADD_FACTOR,), accepts_single_factor=True),
    Endpoint("POST", "/auth/factors/{factor_id}/confirm", second_factors.confirm_factor, _SIGNED_IN, "Factors",
             refuses=(FactorNotFound, FactorConfirmed, IncorrectFactor, TooManyFactors, ReauthenticationRequired),
             rules=SecondFactors.confirm, acts=(Act.ADD_FACTOR,), keeps_response=True,
             accepts_single_factor=True),
    Endpoint("DELETE", "/auth/factors/{factor_id}", second_factors.remove_factor, _SIGNED_IN, "Factors",
             refuses=(FactorNotFound, ReauthenticationRequired), rules=SecondFactors.remove, acts=(Act.REMOVE_FACTOR,),
             accepts_single_factor=True),
    Endpoint("POST", "/auth/recovery-codes", second_factors.renew_recovery_codes, _SIGNED_IN, "Factors",
             refuses=(NoFactor, ReauthenticationRequired), rules=SecondFactors.renew_recovery_codes,
             acts=(Act.RENEW_RECOVERY_CODES,), keeps_response=True,
             accepts_single_factor=True),
)
_PASSKEYS = (
    Endpoint("POST", "/auth/passkeys/sign-in/options", passkey_sign_in.passkey_sign_in_options, _ANYONE, "Sign-in",
             rules=PasskeySignIn.options),
    Endpoint("POST", "/auth/passkeys/sign-in", passkey_sign_in.sign_in_with_passkey, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidPasskey, *_CLOSED, EmailNotVerified),
             limits=(_REFUSED_PASSKEYS,), rules=PasskeySignIn.sign_in, starts_session=True),
    Endpoint("POST", "/auth/passkeys/options", passkeys.passkey_options, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, TooManyPasskeys), rules=PasskeyAdministration.options,
             acts=(Act.ADD_PASSKEY,), accepts_single_factor=True),
    Endpoint("POST", "/auth/passkeys", passkeys.add_passkey, _SIGNED_IN, "Passkeys", 201,
             refuses=(ReauthenticationRequired, PasskeyNotAccepted, TooManyPasskeys), rules=PasskeyAdministration.add,
             acts=(Act.ADD_PASSKEY,), accepts_single_factor=True),
    Endpoint("GET", "/auth/passkeys", passkeys.list_passkeys, _SIGNED_IN, "Passkeys",
             rules=PasskeyAdministration.list, accepts_single_factor=True),
    Endpoint("PATCH", "/auth/passkeys/{passkey_id}", passkeys.rename_passkey, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, PasskeyNotFound), rules=PasskeyAdministration.rename,
             acts=(Act.RENAME_PASSKEY,)),
    Endpoint("DELETE", "/auth/passkeys/{passkey_id}", passkeys.remove_passkey, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, PasskeyNotFound, LastSignInMethod), rules=PasskeyAdministration.remove,
             acts=(Act.REMOVE_PASSKEY,)),
)
_IDENTITIES = (
    Endpoint("POST", "/auth/identities/{provider}/token", identity_sign_in.sign_in_with_id_token, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, ProviderNotFound, InvalidIdToken, IdentityEmailNotVerified,
                      ProviderUnavailable, RegistrationClosed, *_CLOSED, EmailNotVerified, MfaRequired),
             limits=(REFUSED_IDENTITIES,), rules=IdentitySignIn.by_token, starts_session=True),
    BrowserEndpoint("GET", "/auth/identities/{provider}/start", identity_web_flow.start_identity_sign_in, _ANYONE,
                    "Sign-in", 302, refuses=(ProviderNotFound, ProviderUnavailable, RedirectNotAllowed, InvalidInput),
                    limits=(IDENTITY_STARTS,), rules=IdentityWebFlow.start),
    BrowserEndpoint("GET", identity_callback("{provider}"), identity_web_flow.complete_identity_sign_in, _ANYONE,
                    "Sign-in", 302, refuses=(ProviderNotFound, InvalidWebFlow, InvalidInput, StoreUnavailable),
                    limits=(REFUSED_IDENTITIES,), rules=IdentityWebFlow.complete, refusals=IDENTITY_SIGN_IN),
    BrowserEndpoint("POST", identity_callback("{provider}"), identity_web_flow.receive_identity_form, _ANYONE,
                    "Sign-in", 303, refuses=(ProviderNotFound,)),
    Endpoint("POST", "/auth/identities/exchange", identity_sign_in.exchange_identity_code, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidAuthorizationCode, IdentityEmailNotVerified, RegistrationClosed,
                      *_CLOSED, EmailNotVerified, MfaRequired),
             limits=(REFUSED_IDENTITIES,), rules=IdentitySignIn.by_code, starts_session=True),
    Endpoint("POST", "/auth/identities/apple/notifications", provider_notices.receive_apple_notification, _ANYONE,
             "Service", refuses=(ProviderNotFound, InvalidIdToken, ProviderUnavailable), limits=(REFUSED_IDENTITIES,),
             rules=ProviderNotices.receive),
    Endpoint("GET", "/auth/identities", identities.list_identities, _SIGNED_IN, "Identities", rules=Identities.own),
    Endpoint("POST", "/auth/identities/{identity}", identities.link_identity, _SIGNED_IN, "Identities", 201,
             refuses=(ReauthenticationRequired, ProviderNotFound, InvalidIdToken, ProviderUnavailable, IdentityTaken,
                      TooManyIdentities),
             limits=(REFUSED_IDENTITIES,), rules=Identities.link, acts=(Act.LINK_IDENTITY,)),
    Endpoint("DELETE", "/auth/identities/{identity}", identities.unlink_identity, _SIGNED_IN, "Identities",
             refuses=(ReauthenticationRequired, IdentityNotFound, LastSignInMethod), rules=Identities.unlink,
             acts=(Act.UNLINK_IDENTITY,)),
)
_MAILBOX = (
    Endpoint("POST", "/auth/reset-password", password_reset.reset_password, _ANYONE, "Mailbox",
             limits=MAILS, rules=PasswordReset.request),
    Endpoint("POST", "/auth/forgot-password", password_reset.forgot_password, _ANYONE, "Mailbox",
             limits=MAILS, rules=PasswordReset.request),
    Endpoint("POST", "/auth/reset-password/confirm", password_reset.confirm_password_reset, _ANYONE, "Mailbox",
             refuses=(InvalidOneTimeToken, TooBusy), limits=(GUESSES,),
             rules=PasswordReset.confirm, keeps_response=True),
    Endpoint("POST", "/auth/verify-email", email_verification.verify_email, _ANYONE, "Mailbox",
             limits=MAILS, rules=EmailVerification.request, keeps_response=True),
    Endpoint("POST", "/auth/verify-email/confirm", email_verification.confirm_email, _ANYONE, "Mailbox",
             refuses=(InvalidOneTimeToken, IncorrectPassword, RateLimited, TooBusy),
             limits=(GUESSES,), rules=EmailVerification.confirm, keeps_response=True, recognises_caller=True),
    Endpoint("POST", "/auth/change-email", email_change.change_email, _SIGNED_IN, "Mailbox",
             refuses=(ReauthenticationRequired, IncorrectPassword, RateLimited, TooBusy), rules=EmailChange.request,
             acts=(Act.CHANGE_EMAIL,)),
    Endpoint("POST", "/auth/change-email/confirm", email_change.confirm_email_change, _ANYONE, "Mailbox",
             refuses=(InvalidOneTimeToken,), limits=(GUESSES,),
             rules=EmailChange.confirm, keeps_response=True),
)
_USERS = (
    Endpoint("GET", "/users", user_listing.list_users, _ADMIN, "Users", scope=Scope.USERS_READ,
             rules=UserListing.page),
    Endpoint("POST", "/users", user_admin.create_user, _ADMIN, "Users", 201,
             refuses=(ReauthenticationRequired, EmailTaken, TooBusy), rules=UserAdmin.create, keeps_response=True,
             acts=(Act.CREATE_ADMIN,)),
    Endpoint("GET", "/users/invitations", invitations.list_invitations, _ADMIN, "Users", rules=Invitations.all),
    Endpoint("POST", "/users/invitations", invitations.invite, _ADMIN, "Users", 201,
             refuses=(RegistrationClosed, ReauthenticationRequired, EmailTaken, RateLimited), limits=MAILS,
             acts=(Act.CREATE_ADMIN,), rules=Invitations.invite, keeps_response=True),
    Endpoint("DELETE", "/users/invitations/{invitation_id}", invitations.withdraw_invitation, _ADMIN, "Users",
             refuses=(InvitationNotFound,), rules=Invitations.withdraw),
    Endpoint("GET", _USER, user_admin.get_user, _SIGNED_IN, "Users", refuses=(UserNotFound,),
             scope=Scope.USERS_READ, rules=UserAdmin.get),
    Endpoint("PUT", _USER, user_admin.replace_user, _SIGNED_IN, "Users",
             refuses=_CHANGE_REFUSALS, scope=Scope.USERS_WRITE, rules=UserAdmin.change, acts=_CHANGE_ACTS),
    Endpoint("PATCH", _USER, user_admin.update_user, _SIGNED_IN, "Users",
             refuses=_CHANGE_REFUSALS, scope=Scope.USERS_WRITE, rules=UserAdmin.change, acts=_CHANGE_ACTS),
    Endpoint("DELETE", _USER, user_admin.delete_user, _SIGNED_IN, "Users",
             refuses=(UserNotFound, ReauthenticationRequired, IncorrectPassword, LastAdmin, RateLimited, TooBusy),
             rules=UserAdmin.remove, keeps_response=True, acts=(Act.DELETE_ACCOUNT, Act.DELETE_USER)),
    Endpoint("GET", f"{_USER}/identities", identities.list_user_identities, _ADMIN, "Users", refuses=(UserNotFound,),
             rules=Identities.of_user),
    Endpoint("GET", f"{_USER}/sessions", user_admin.list_user_sessions, _ADMIN, "Users", refuses=(UserNotFound,),
             scope=Scope.SESSIONS_READ, rules=UserAdmin.sessions_of),
    Endpoint("DELETE", f"{_USER}/sessions", user_admin.end_user_sessions, _ADMIN, "Users",
             refuses=(UserNotFound, ReauthenticationRequired), scope=Scope.SESSIONS_REVOKE,
             rules=UserAdmin.end_sessions, acts=(Act.END_SESSIONS_OF_OTHER,)),
    Endpoint("DELETE", f"{_USER}/factors", user_admin.reset_user_factors, _ADMIN, "Users",
             refuses=(UserNotFound, LastSignInMethod, ReauthenticationRequired), rules=FactorReset.reset,
             acts=(Act.RESET_FACTORS,)),
    Endpoint("POST", f"{_USER}/reset-password", user_admin.reset_user_password, _ADMIN, "Users",
             refuses=(UserNotFound, EmailRequired, AccountBanned, AccountInactive),
             rules=UserAdmin.send_password_reset),
    Endpoint("GET", "/audit-events", audit_log.list_audit_events, _ADMIN, "Audit",
             scope=Scope.AUDIT_READ, rules=AuditLog.page),
)
# fmt: on

_OF_API = _AUTH + _FACTORS + _PASSKEYS + _IDENTITIES + _MAILBOX + _USERS
ENDPOINTS = _SERVICE + tuple(endpoint.under(API) for endpoint in _OF_API)
