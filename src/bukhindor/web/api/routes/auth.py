"""Coming in, sessions and the own account."""

from bukhindor.domain.act import Act
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    AccountLocked,
    EmailNotVerified,
    EmailRequired,
    EmailTaken,
    Forbidden,
    IncorrectFactor,
    IncorrectPassword,
    InvalidCredentials,
    InvalidGuestToken,
    InvalidMfaToken,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    LastAdmin,
    MfaRequired,
    NotAGuest,
    NotSignedIn,
    PasskeyNotAccepted,
    PasswordExists,
    RateLimited,
    ReauthenticationRequired,
    RefreshTokenReused,
    RegistrationClosed,
    SessionNotFound,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.rate_limit import GUESTS_PER_NETWORK, REFUSED_REFRESHES_PER_NETWORK, REGISTRATIONS_PER_NETWORK
from bukhindor.domain.service_key import Scope
from bukhindor.services.authentication import Authentication
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.first_password import FirstPassword
from bukhindor.services.guests import Guests
from bukhindor.services.introspection import Introspection
from bukhindor.services.invitation_acceptance import InvitationAcceptance
from bukhindor.services.lockdown import Lockdown
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.profile import Profile
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.services.registration import Registration
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.services.sign_out import SignOut
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.web.addresses import INTROSPECTION
from bukhindor.web.api import (
    factor_sign_in,
    first_password,
    forward_auth,
    guests,
    introspection,
    invitation_acceptance,
    lockdown,
    own_account,
    password_change,
    profile,
    reauthentication,
    registration,
    sessions,
    sign_in,
    sign_in_code,
    sign_out,
    token_refresh,
)
from bukhindor.web.endpoint.limits import GUESSES, GUESSES_OF_CODES, MAILS, Counted, NetworkLimit
from bukhindor.web.endpoint.refusals import CrossSiteRequest
from bukhindor.web.endpoint.row import Access, Endpoint, FormEndpoint

_ANYONE, _TOKEN, _SIGNED_IN = Access.ANYONE, Access.TOKEN_HOLDER, Access.SIGNED_IN
_GUESTS = NetworkLimit(GUESTS_PER_NETWORK, Counted.EVERY_CALL)
_REGISTRATIONS = NetworkLimit(REGISTRATIONS_PER_NETWORK, Counted.EVERY_CALL)
_REFUSED_REFRESHES = NetworkLimit(REFUSED_REFRESHES_PER_NETWORK, Counted.REFUSALS)

CLOSED = (AccountBanned, AccountInactive, AccountLocked)

# fmt: off
AUTH = (
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
             refuses=(InvalidGuestToken, InvalidCredentials, *CLOSED, EmailNotVerified, MfaRequired, RateLimited,
                      TooBusy),
             rules=SignIn.login, starts_session=True),
    Endpoint("POST", "/auth/login/factor", factor_sign_in.login_with_factor, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidMfaToken, IncorrectFactor, PasskeyNotAccepted, *CLOSED,
                      EmailNotVerified, RateLimited, TooBusy),
             limits=(GUESSES,), rules=FactorSignIn.complete, starts_session=True),
    Endpoint("POST", "/auth/reauthenticate", reauthentication.reauthenticate, _SIGNED_IN, "Sign-in",
             refuses=(IncorrectPassword, IncorrectFactor, InvalidOneTimeToken, PasskeyNotAccepted, RateLimited,
                      TooBusy),
             limits=(GUESSES_OF_CODES,), rules=Reauthentication.prove, accepts_single_factor=True),
    Endpoint("POST", "/auth/sign-in-code", sign_in_code.mail_sign_in_code, _ANYONE, "Sign-in",
             limits=MAILS, rules=SignInCode.request),
    Endpoint("POST", "/auth/sign-in-code/confirm", sign_in_code.confirm_sign_in, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidOneTimeToken, *CLOSED, EmailNotVerified, MfaRequired),
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
# fmt: on
