"""Everything this product can refuse, drawn as one tree.

Each leaf has a stable machine word (`code`) and an English sentence (`detail`). No leaf knows HTTP: the edge
maps it to a status in one table.

    BukhindorError
    ├── InvalidInput                    validation_failed
    ├── IncorrectPassword               incorrect_password
    ├── IncorrectFactor                 incorrect_factor
    ├── InvalidOneTimeToken             invalid_one_time_token
    ├── InvalidMfaToken                 invalid_mfa_token
    ├── InvalidWebFlow                  invalid_web_flow
    ├── PasskeyNotAccepted              passkey_not_accepted
    ├── RedirectNotAllowed              redirect_not_allowed
    ├── InvalidGuestToken               invalid_guest_token
    ├── RateLimited                     rate_limited
    ├── Unauthenticated
    │   ├── NotSignedIn                 not_authenticated
    │   ├── InvalidAccessToken          invalid_token
    │   ├── ServiceKeyRequired          service_key_required
    │   ├── InvalidServiceKey           invalid_service_key
    │   ├── InvalidCredentials          invalid_credentials
    │   ├── InvalidPasskey              invalid_passkey
    │   ├── InvalidIdToken              invalid_id_token
    │   ├── InvalidAuthorizationCode    invalid_authorization_code
    │   ├── IdentityEmailNotVerified    identity_email_not_verified
    │   ├── InvalidRefreshToken         invalid_refresh_token
    │   └── RefreshTokenReused          refresh_token_reused
    ├── Denied
    │   ├── Forbidden                   forbidden
    │   ├── MissingScope                insufficient_scope
    │   ├── ReauthenticationRequired    reauthentication_required
    │   ├── RegistrationClosed          registration_closed
    │   ├── EmailNotVerified            email_not_verified
    │   ├── MfaRequired                 mfa_required
    │   ├── MfaEnrollmentRequired       mfa_enrollment_required
    │   ├── AccountLocked               account_locked
    │   └── AccountClosed
    │       ├── AccountBanned           account_banned
    │       └── AccountInactive         account_inactive
    ├── NotFound
    │   ├── FactorNotFound              factor_not_found
    │   ├── IdentityNotFound            identity_not_found
    │   ├── InvitationNotFound          invitation_not_found
    │   ├── MailNotFound                mail_not_found
    │   ├── PasskeyNotFound             passkey_not_found
    │   ├── ProviderNotFound            provider_not_found
    │   ├── ServiceKeyNotFound          service_key_not_found
    │   ├── UserNotFound                user_not_found
    │   └── SessionNotFound             session_not_found
    ├── Conflict
    │   ├── EmailRequired               email_required
    │   ├── EmailTaken                  email_taken
    │   ├── FactorConfirmed             factor_confirmed
    │   ├── IdempotencyKeyReused        idempotency_key_reused
    │   ├── IdentityTaken               identity_taken
    │   ├── LastAdmin                   last_admin
    │   ├── LastSignInMethod            last_sign_in_method
    │   ├── NoFactor                    no_factor
    │   ├── NotAGuest                   not_a_guest
    │   ├── PasswordExists              password_exists
    │   ├── TooManyIdentities           too_many_identities
    │   ├── TooManyPasskeys             too_many_passkeys
    │   ├── ServiceKeyNameTaken         service_key_name_taken
    │   ├── TooManyFactors              too_many_factors
    │   └── MailUnderWay                mail_under_way
    └── Unavailable
        ├── TooBusy                     too_busy
        ├── ProviderUnavailable         provider_unavailable
        ├── StoreUnavailable            store_unavailable
        └── WriteConflict               write_conflict
"""

from bukhindor.domain.errors.callers import AccountBanned as AccountBanned
from bukhindor.domain.errors.callers import AccountClosed as AccountClosed
from bukhindor.domain.errors.callers import AccountInactive as AccountInactive
from bukhindor.domain.errors.callers import AccountLocked as AccountLocked
from bukhindor.domain.errors.callers import EmailNotVerified as EmailNotVerified
from bukhindor.domain.errors.callers import Forbidden as Forbidden
from bukhindor.domain.errors.callers import IdentityEmailNotVerified as IdentityEmailNotVerified
from bukhindor.domain.errors.callers import InvalidAccessToken as InvalidAccessToken
from bukhindor.domain.errors.callers import InvalidAuthorizationCode as InvalidAuthorizationCode
from bukhindor.domain.errors.callers import InvalidCredentials as InvalidCredentials
from bukhindor.domain.errors.callers import InvalidIdToken as InvalidIdToken
from bukhindor.domain.errors.callers import InvalidPasskey as InvalidPasskey
from bukhindor.domain.errors.callers import InvalidRefreshToken as InvalidRefreshToken
from bukhindor.domain.errors.callers import InvalidServiceKey as InvalidServiceKey
from bukhindor.domain.errors.callers import InvalidWebFlow as InvalidWebFlow
from bukhindor.domain.errors.callers import MfaEnrollmentRequired as MfaEnrollmentRequired
from bukhindor.domain.errors.callers import MfaRequired as MfaRequired
from bukhindor.domain.errors.callers import MissingScope as MissingScope
from bukhindor.domain.errors.callers import NotSignedIn as NotSignedIn
from bukhindor.domain.errors.callers import ReauthenticationRequired as ReauthenticationRequired
from bukhindor.domain.errors.callers import RedirectNotAllowed as RedirectNotAllowed
from bukhindor.domain.errors.callers import RefreshTokenReused as RefreshTokenReused
from bukhindor.domain.errors.callers import RegistrationClosed as RegistrationClosed
from bukhindor.domain.errors.callers import ServiceKeyRequired as ServiceKeyRequired
from bukhindor.domain.errors.invalid_input import FieldError as FieldError
from bukhindor.domain.errors.invalid_input import InvalidValue as InvalidValue
from bukhindor.domain.errors.root import BukhindorError as BukhindorError
from bukhindor.domain.errors.root import Conflict as Conflict
from bukhindor.domain.errors.root import Denied as Denied
from bukhindor.domain.errors.root import NotFound as NotFound
from bukhindor.domain.errors.root import Unauthenticated as Unauthenticated
from bukhindor.domain.errors.stored import EmailRequired as EmailRequired
from bukhindor.domain.errors.stored import EmailTaken as EmailTaken
from bukhindor.domain.errors.stored import FactorConfirmed as FactorConfirmed
from bukhindor.domain.errors.stored import FactorNotFound as FactorNotFound
from bukhindor.domain.errors.stored import IdempotencyKeyReused as IdempotencyKeyReused
from bukhindor.domain.errors.stored import IdentityNotFound as IdentityNotFound
from bukhindor.domain.errors.stored import IdentityTaken as IdentityTaken
from bukhindor.domain.errors.stored import InvitationNotFound as InvitationNotFound
from bukhindor.domain.errors.stored import LastAdmin as LastAdmin
from bukhindor.domain.errors.stored import LastSignInMethod as LastSignInMethod
from bukhindor.domain.errors.stored import MailNotFound as MailNotFound
from bukhindor.domain.errors.stored import MailUnderWay as MailUnderWay
from bukhindor.domain.errors.stored import NoFactor as NoFactor
from bukhindor.domain.errors.stored import NotAGuest as NotAGuest
from bukhindor.domain.errors.stored import PasskeyNotFound as PasskeyNotFound
from bukhindor.domain.errors.stored import PasswordExists as PasswordExists
from bukhindor.domain.errors.stored import ProviderNotFound as ProviderNotFound
from bukhindor.domain.errors.stored import ServiceKeyNameTaken as ServiceKeyNameTaken
from bukhindor.domain.errors.stored import ServiceKeyNotFound as ServiceKeyNotFound
from bukhindor.domain.errors.stored import SessionNotFound as SessionNotFound
from bukhindor.domain.errors.stored import TooManyFactors as TooManyFactors
from bukhindor.domain.errors.stored import TooManyIdentities as TooManyIdentities
from bukhindor.domain.errors.stored import TooManyPasskeys as TooManyPasskeys
from bukhindor.domain.errors.stored import UserNotFound as UserNotFound
from bukhindor.domain.rate_limit import Limit


class InvalidInput(BukhindorError):
    """One or more fields break the rules; nothing was changed."""

    code = "validation_failed"
    detail = "Some fields are not valid."

    def __init__(self, *errors: FieldError) -> None:
        super().__init__()
        self.errors = errors


class IncorrectPassword(BukhindorError):
    """A signed-in caller entered the wrong current password.

    This is not an authentication error of the request: the caller's tokens stay valid.
    """

    code = "incorrect_password"
    detail = "The current password is wrong."


class IncorrectFactor(BukhindorError):
    """A second factor is wrong: no factor of the account has this code now, it was used before, or too many in a row
    were wrong.
    """

    code = "incorrect_factor"
    detail = "The code is wrong, has expired, or has been used; wait for the next one."


class InvalidMfaToken(BukhindorError):
    """The first part of a sign-in is over: it is five minutes old or was completed, the client's network has changed,
    or the account's password.
    """

    code = "invalid_mfa_token"
    detail = "This sign-in has expired; begin again."


class InvalidGuestToken(BukhindorError):
    """The access token of a guest that came with a sign-in is none, has expired, or is that of someone else.

    This is not an authentication error of the request: clients answer such an error with a refresh, and throw their
    tokens away when that does not help.
    """

    code = "invalid_guest_token"
    detail = "The guest's token is invalid or has expired, or is not a guest's; refresh it, or sign in without it."


class InvalidOneTimeToken(BukhindorError):
    code = "invalid_one_time_token"
    detail = "The link or code is invalid, has been used, or has expired; request a new one."


class RateLimited(BukhindorError):
    """Too many attempts; the service accepts the request again after `retry_after` seconds.

    `is_first` marks the first refusal since the limit was reached, so that a flood is recorded once.
    """

    code = "rate_limited"
    detail = "Too many attempts; try again later."

    def __init__(self, limit: Limit, retry_after: int, *, is_first: bool = False) -> None:
        super().__init__()
        self.limit = limit
        self.retry_after = retry_after
        self.is_first = is_first


class PasskeyNotAccepted(BukhindorError):
    """What a signed-in caller sent is no passkey that this service can take. The caller's tokens stay valid."""

    code = "passkey_not_accepted"
    detail = "This passkey can't be accepted; request new options and try again."


class Unavailable(BukhindorError):
    """The service can't handle the request now; the same request may succeed after `retry_after` seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooBusy(Unavailable):
    code = "too_busy"
    detail = "The service is busy; try again in a moment."


class ProviderUnavailable(Unavailable):
    """A provider of identities does not answer as it should. `reason` is for the log, and never for the client."""

    code = "provider_unavailable"
    detail = "The provider is not available; try again in a moment."

    def __init__(self, retry_after: int = 5, *, reason: str = "") -> None:
        super().__init__(retry_after)
        self.reason = reason


class StoreUnavailable(Unavailable):
    """`reason` says what is wrong with the database, without an address. `explanation` is for those who run the
    service, and never for clients: address, cause and advice, "" when the store has none.
    """

    code = "store_unavailable"
    detail = "The database is not available; try again in a moment."

    def __init__(self, retry_after: int = 1, *, reason: str = "unreachable") -> None:
        super().__init__(retry_after)
        self.reason = reason
        self.explanation = ""


class WriteConflict(Unavailable):
    """The use case conflicted with another one, and the store undid all of it: it can be retried at once."""

    code = "write_conflict"
    detail = "Another request changed the same data at the same time; try again."
