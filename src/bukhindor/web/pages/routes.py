"""Every page: its path, who may open it, how often, and what it can refuse."""

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
    IdentityEmailNotVerified,
    IdentityNotFound,
    IdentityTaken,
    IncorrectFactor,
    IncorrectPassword,
    InvalidAuthorizationCode,
    InvalidCredentials,
    InvalidMfaToken,
    InvalidOneTimeToken,
    LastAdmin,
    LastSignInMethod,
    MfaRequired,
    NoFactor,
    PasskeyNotFound,
    PasswordExists,
    ProviderNotFound,
    ProviderUnavailable,
    RateLimited,
    ReauthenticationRequired,
    RegistrationClosed,
    SessionNotFound,
    TooBusy,
    TooManyFactors,
    TooManyIdentities,
)
from bukhindor.domain.one_time_token import Purpose
from bukhindor.web.addresses import (
    ACCOUNT,
    ANDROID_APPS,
    APPLE_APPS,
    ASSETS,
    CONNECTED_IDENTITY,
    FAVICON,
    HOME,
    IDENTITY_SIGN_IN,
    INVITATION,
    LOCKDOWN_PAGE,
    MAILBOX,
    MAILBOX_JSON,
    OWN_ADDRESS,
    OWN_DELETION,
    OWN_EXPORT,
    OWN_FACTORS,
    OWN_IDENTITIES,
    OWN_PASSKEYS,
    OWN_PASSWORD,
    OWN_PROFILE,
    OWN_SESSIONS,
    PAGE_OF,
    RELATED_ORIGINS,
    SIGN_IN,
    SIGN_OUT,
)
from bukhindor.web.endpoint.limits import GUESSES, IDENTITY_STARTS, MAILS, REFUSED_IDENTITIES
from bukhindor.web.endpoint.refusals import CrossSiteRequest, FormExpired, NoSuchEndpoint
from bukhindor.web.endpoint.row import Access, Page, as_problem
from bukhindor.web.pages import (
    account,
    app_links,
    dev_mailbox,
    home,
    identity_sign_in,
    invitation,
    lockdown,
    looks,
    own_account,
    own_identities,
    passkeys,
    second_factors,
    sign_in,
    sign_in_code,
)
from bukhindor.web.pages.own_pages import own_refused
from bukhindor.web.pages.rendering import refused

_ANYONE = Access.ANYONE
_RESET, _VERIFY, _CHANGE, _SIGN_IN = (
    f"{ACCOUNT}/{PAGE_OF[purpose]}"
    for purpose in (Purpose.RESET_PASSWORD, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL, Purpose.SIGN_IN)
)
_HOUR = timedelta(hours=1)
_DEAD = (InvalidOneTimeToken,)
_SIGNED_IN = Access.SIGNED_IN
_FORM = (FormExpired, CrossSiteRequest)
_CLOSED = (AccountBanned, AccountInactive, AccountLocked, EmailNotVerified)

# fmt: off
PAGES = (
    Page("GET", FAVICON, looks.favicon, _ANYONE, refused),
    Page("GET", f"{ASSETS}/{{name}}", looks.asset, _ANYONE, refused, refuses=(NoSuchEndpoint,)),
    Page("GET", _RESET, account.show_password_reset, _ANYONE, account.password_reset_refused, refuses=_DEAD),
    Page("POST", _RESET, account.reset_password, _ANYONE, account.password_reset_refused,
         refuses=(*_DEAD, TooBusy), limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_RESET}/new-mail", account.mail_password_reset, _ANYONE, account.password_reset_refused,
         limits=MAILS),
    Page("GET", _VERIFY, account.show_email_verification, _ANYONE, account.email_verification_refused, refuses=_DEAD),
    Page("POST", _VERIFY, account.verify_email, _ANYONE, account.email_verification_refused,
         refuses=(*_DEAD, IncorrectPassword, RateLimited, TooBusy), limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_VERIFY}/without-password", account.verify_email_without_password, _ANYONE,
         account.email_verification_refused, refuses=_DEAD, limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_VERIFY}/new-mail", account.mail_email_verification, _ANYONE, account.email_verification_refused,
         limits=MAILS),
    Page("GET", _CHANGE, account.show_email_change, _ANYONE, account.email_change_refused, refuses=_DEAD),
    Page("POST", _CHANGE, account.change_email, _ANYONE, account.email_change_refused,
         refuses=_DEAD, limits=(GUESSES,), keeps_response=True),
    Page("GET", _SIGN_IN, sign_in_code.show_sign_in, _ANYONE, sign_in_code.sign_in_refused, refuses=_DEAD),
    Page("POST", _SIGN_IN, sign_in_code.sign_in, _ANYONE, sign_in_code.sign_in_refused,
         refuses=(*_DEAD, MfaRequired, *_CLOSED, CrossSiteRequest), limits=(GUESSES,)),
    Page("POST", f"{_SIGN_IN}/new-mail", sign_in_code.mail_sign_in_code, _ANYONE, sign_in_code.sign_in_refused,
         limits=MAILS),
    Page("GET", LOCKDOWN_PAGE, lockdown.show_lockdown, _ANYONE, lockdown.lockdown_refused, refuses=_DEAD),
    Page("POST", LOCKDOWN_PAGE, lockdown.lock_account, _ANYONE, lockdown.lockdown_refused,
         refuses=_DEAD, limits=(GUESSES,), keeps_response=True),
    Page("GET", f"{ACCOUNT}/{INVITATION}", invitation.show_invitation, _ANYONE, invitation.invitation_refused,
         refuses=_DEAD),
    Page("POST", f"{ACCOUNT}/{INVITATION}", invitation.accept_invitation, _ANYONE, invitation.invitation_refused,
         refuses=(*_DEAD, RegistrationClosed, EmailTaken, TooBusy), limits=(GUESSES,), keeps_response=True),
)
FILES_FOR_SYSTEMS = tuple(
    Page("GET", path, handler, _ANYONE, as_problem, refuses=(NoSuchEndpoint,), cache_life=_HOUR)
    for path, handler in (
        (APPLE_APPS, app_links.apple_app_site_association),
        (ANDROID_APPS, app_links.asset_links),
        (RELATED_ORIGINS, app_links.related_origins),
    )
)
SIGN_IN_PAGES = (
    Page("GET", SIGN_IN, sign_in.show_sign_in_page, _ANYONE, sign_in.sign_in_page_refused),
    Page("POST", SIGN_IN, sign_in.sign_in_with_password, _ANYONE, sign_in.sign_in_page_refused,
         refuses=(InvalidCredentials, MfaRequired, *_CLOSED, CrossSiteRequest, RateLimited, TooBusy)),
    Page("POST", f"{SIGN_IN}/factor", sign_in.sign_in_with_factor, _ANYONE, sign_in.sign_in_page_refused,
         refuses=(InvalidMfaToken, IncorrectFactor, *_CLOSED, CrossSiteRequest, RateLimited, TooBusy)),
    Page("GET", f"{SIGN_IN}/with/{{provider}}", identity_sign_in.leave_for_provider, _ANYONE,
         identity_sign_in.identity_sign_in_refused, refuses=(ProviderNotFound, ProviderUnavailable),
         limits=(IDENTITY_STARTS,)),
    Page("GET", IDENTITY_SIGN_IN, identity_sign_in.sign_in_with_identity, _ANYONE,
         identity_sign_in.identity_sign_in_refused,
         refuses=(InvalidAuthorizationCode, IdentityEmailNotVerified, RegistrationClosed, MfaRequired, *_CLOSED),
         limits=(REFUSED_IDENTITIES,)),
    Page("GET", f"{SIGN_IN}/forgotten", sign_in.show_forgotten_password, _ANYONE, refused),
    Page("POST", f"{SIGN_IN}/code", sign_in.mail_code_for_sign_in, _ANYONE, sign_in.sign_in_page_refused,
         limits=MAILS),
    Page("POST", f"{SIGN_IN}/code/confirm", sign_in.sign_in_with_code, _ANYONE, sign_in.sign_in_page_refused,
         refuses=(*_DEAD, MfaRequired, *_CLOSED, CrossSiteRequest), limits=(GUESSES,)),
)
OWN_PAGES = (
    Page("GET", ACCOUNT, own_account.show_own_account, _SIGNED_IN, own_refused, refuses=_CLOSED,
         accepts_single_factor=True),
    Page("POST", OWN_PROFILE, own_account.change_own_profile, _SIGNED_IN, own_account.own_profile_refused,
         refuses=_FORM),
    Page("GET", OWN_SESSIONS, own_account.show_own_sessions, _SIGNED_IN, own_refused,
         accepts_single_factor=True),
    Page("POST", OWN_SESSIONS, own_account.end_own_session, _SIGNED_IN, own_refused,
         refuses=(*_FORM, SessionNotFound),
         accepts_single_factor=True),
    Page("GET", OWN_PASSKEYS, passkeys.show_own_passkeys, _SIGNED_IN, own_refused,
         accepts_single_factor=True),
    Page("POST", f"{OWN_PASSKEYS}/rename", passkeys.rename_own_passkey, _SIGNED_IN, own_refused,
         refuses=(*_FORM, PasskeyNotFound, ReauthenticationRequired), acts=(Act.RENAME_PASSKEY,)),
    Page("POST", f"{OWN_PASSKEYS}/remove", passkeys.remove_own_passkey, _SIGNED_IN, own_refused,
         refuses=(*_FORM, PasskeyNotFound, LastSignInMethod, ReauthenticationRequired), acts=(Act.REMOVE_PASSKEY,)),
    Page("GET", OWN_IDENTITIES, own_identities.show_own_identities, _SIGNED_IN, own_refused,
         accepts_single_factor=True),
    Page("POST", f"{OWN_IDENTITIES}/connect", own_identities.connect_identity, _SIGNED_IN,
         own_identities.own_identity_refused,
         refuses=(*_FORM, ProviderNotFound, ProviderUnavailable, ReauthenticationRequired), acts=(Act.LINK_IDENTITY,)),
    Page("GET", CONNECTED_IDENTITY, own_identities.link_connected_identity, _SIGNED_IN,
         own_identities.own_identity_refused,
         refuses=(InvalidAuthorizationCode, IdentityTaken, TooManyIdentities, ReauthenticationRequired),
         acts=(Act.LINK_IDENTITY,)),
    Page("POST", f"{OWN_IDENTITIES}/disconnect", own_identities.disconnect_identity, _SIGNED_IN,
         own_identities.own_identity_refused,
         refuses=(*_FORM, IdentityNotFound, LastSignInMethod, ReauthenticationRequired), acts=(Act.UNLINK_IDENTITY,)),
    Page("GET", OWN_FACTORS, second_factors.show_own_factors, _SIGNED_IN, own_refused,
         accepts_single_factor=True),
    Page("POST", OWN_FACTORS, second_factors.begin_own_factor, _SIGNED_IN, own_refused,
         refuses=(*_FORM, EmailRequired, TooManyFactors, ReauthenticationRequired), acts=(Act.ADD_FACTOR,),
         accepts_single_factor=True),
    Page("POST", f"{OWN_FACTORS}/confirm", second_factors.confirm_own_factor, _SIGNED_IN,
         second_factors.own_confirmation_refused,
         refuses=(*_FORM, FactorNotFound, FactorConfirmed, IncorrectFactor, TooManyFactors, ReauthenticationRequired),
         acts=(Act.ADD_FACTOR,),
         accepts_single_factor=True),
    Page("POST", f"{OWN_FACTORS}/remove", second_factors.remove_own_factor, _SIGNED_IN, own_refused,
         refuses=(*_FORM, FactorNotFound, ReauthenticationRequired), acts=(Act.REMOVE_FACTOR,)),
    Page("POST", f"{OWN_FACTORS}/recovery-codes", second_factors.renew_own_recovery_codes, _SIGNED_IN, own_refused,
         refuses=(*_FORM, NoFactor, ReauthenticationRequired), acts=(Act.RENEW_RECOVERY_CODES,)),
    Page("GET", OWN_PASSWORD, own_account.show_own_password, _SIGNED_IN, own_refused),
    Page("POST", OWN_PASSWORD, own_account.change_own_password, _SIGNED_IN, own_account.own_password_refused,
         refuses=(*_FORM, ReauthenticationRequired, IncorrectPassword, EmailRequired, PasswordExists, RateLimited,
                  TooBusy),
         acts=(Act.CHANGE_PASSWORD, Act.ADD_PASSWORD)),
    Page("GET", OWN_ADDRESS, own_account.show_own_address, _SIGNED_IN, own_refused),
    Page("POST", OWN_ADDRESS, own_account.change_own_address, _SIGNED_IN, own_account.own_address_refused,
         refuses=(*_FORM, ReauthenticationRequired, IncorrectPassword, RateLimited, TooBusy),
         acts=(Act.CHANGE_EMAIL,)),
    Page("GET", OWN_EXPORT, own_account.export_own_data, _SIGNED_IN, own_refused),
    Page("GET", OWN_DELETION, own_account.show_own_deletion, _SIGNED_IN, own_refused),
    Page("POST", OWN_DELETION, own_account.delete_own_account, _SIGNED_IN, own_account.own_deletion_refused,
         refuses=(*_FORM, ReauthenticationRequired, IncorrectPassword, LastAdmin, RateLimited, TooBusy),
         acts=(Act.DELETE_ACCOUNT,)),
    Page("POST", SIGN_OUT, own_account.sign_out_of_pages, _SIGNED_IN, own_refused, refuses=_FORM,
         accepts_single_factor=True),
)
HOME_PAGE = Page("GET", HOME, home.home, _ANYONE, refused)
DEVELOPER_PAGES = tuple(
    Page("GET", path, handler, Access.DEVELOPER, as_problem, refuses=(NoSuchEndpoint,)) for path, handler in (
        (MAILBOX, dev_mailbox.mailbox_page),
        (MAILBOX_JSON, dev_mailbox.mailbox_json),
        (f"{MAILBOX}/{{number}}", dev_mailbox.message_page),
        (f"{MAILBOX}/{{number}}/html", dev_mailbox.message_html),
        (f"{MAILBOX}/{{number}}/source", dev_mailbox.message_source),
    )
)
# fmt: on
