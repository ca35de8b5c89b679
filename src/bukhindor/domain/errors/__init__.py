"""Everything this product can refuse, drawn as one tree.

Each leaf has a stable machine word (`code`) and an English sentence (`detail`). No leaf knows HTTP: the edge
maps it to a status in one table.

    BukhindorError
    ├── InvalidInput                    validation_failed
    ├── IncorrectPassword               incorrect_password
    ├── IncorrectFactor                 incorrect_factor
    ├── InvalidOneTimeToken             invalid_one_time_token
    ├── InvalidMfaToken                 invalid_mfa_token
    ├── PasskeyNotAccepted              passkey_not_accepted
    ├── RateLimited                     rate_limited
    ├── Unauthenticated
    │   ├── NotSignedIn                 not_authenticated
    │   ├── InvalidAccessToken          invalid_token
    │   ├── ServiceKeyRequired          service_key_required
    │   ├── InvalidServiceKey           invalid_service_key
    │   ├── InvalidCredentials          invalid_credentials
    │   ├── InvalidPasskey              invalid_passkey
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
    │   ├── InvitationNotFound          invitation_not_found
    │   ├── MailNotFound                mail_not_found
    │   ├── PasskeyNotFound             passkey_not_found
    │   ├── ServiceKeyNotFound          service_key_not_found
    │   ├── UserNotFound                user_not_found
    │   └── SessionNotFound             session_not_found
    ├── Conflict
    │   ├── EmailTaken                  email_taken
    │   ├── FactorConfirmed             factor_confirmed
    │   ├── IdempotencyKeyReused        idempotency_key_reused
    │   ├── LastAdmin                   last_admin
    │   ├── NoFactor                    no_factor
    │   ├── PasswordExists              password_exists
    │   ├── TooManyPasskeys             too_many_passkeys
    │   ├── ServiceKeyNameTaken         service_key_name_taken
    │   ├── TooManyFactors              too_many_factors
    │   └── MailUnderWay                mail_under_way
    └── Unavailable
        ├── TooBusy                     too_busy
        ├── StoreUnavailable            store_unavailable
        └── WriteConflict               write_conflict
"""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.errors.invalid_input import FieldError as FieldError
from bukhindor.domain.errors.invalid_input import InvalidValue as InvalidValue
from bukhindor.domain.errors.root import BukhindorError as BukhindorError
from bukhindor.domain.errors.root import Conflict as Conflict
from bukhindor.domain.errors.root import Denied as Denied
from bukhindor.domain.errors.root import NotFound as NotFound
from bukhindor.domain.errors.root import Unauthenticated as Unauthenticated
from bukhindor.domain.rate_limit import Limit
from bukhindor.domain.sign_in_method import Method


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


class NotSignedIn(Unauthenticated):
    code = "not_authenticated"
    detail = "Sign in first: this request needs an access token."


class InvalidAccessToken(Unauthenticated):
    code = "invalid_token"
    detail = "The access token is invalid or has expired, or its session has ended."


class ServiceKeyRequired(Unauthenticated):
    code = "service_key_required"
    detail = "This request needs a service key."


class InvalidServiceKey(Unauthenticated):
    code = "invalid_service_key"
    detail = "The service key is wrong, has expired, or was revoked."


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    detail = "The email address or the password is wrong."


class InvalidRefreshToken(Unauthenticated):
    code = "invalid_refresh_token"
    detail = "The refresh token is invalid or has expired, or its session has ended."


class RefreshTokenReused(Unauthenticated):
    code = "refresh_token_reused"
    detail = "This refresh token was already used; its session has been revoked."


class Forbidden(Denied):
    code = "forbidden"
    detail = "You do not have the right to do this."


class MissingScope(Denied):
    """A service key is not for this."""

    code = "insufficient_scope"
    detail = "The service key does not have the scope that this request needs."

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        self.scope = scope


class ReauthenticationRequired(Denied):
    """The caller must prove their presence for this act: their sign-in is not fresh, and the request contains no
    password. `methods` are what the account can prove it with.
    """

    code = "reauthentication_required"
    detail = "Confirm this action: sign in again, or send your password."

    def __init__(self, *methods: Method) -> None:
        super().__init__()
        self.methods = methods


class RegistrationClosed(Denied):
    code = "registration_closed"
    detail = "This service takes no registrations."


class EmailNotVerified(Denied):
    """The sign-in was right, but the operator requires a verified address; POST /auth/verify-email mails again."""

    code = "email_not_verified"
    detail = "Verify your email address first; we can send the mail again."


class MfaRequired(Denied):
    """The first factor was right, and the account asks for a second one.

    `token` continues this sign-in. `factors` are the words for what may be presented.
    """

    code = "mfa_required"
    detail = "This account needs a second factor: send a code of your authenticator app, or a recovery code."

    def __init__(self, token: str = "", factors: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.token = token
        self.factors = factors


class MfaEnrollmentRequired(Denied):
    """The operator asks for a second factor, and this session has none: it may only add one."""

    code = "mfa_enrollment_required"
    detail = "Add a second factor first: this account may not be used without one."


class AccountLocked(Denied):
    """The sign-in was right, but the account's person has locked it."""

    code = "account_locked"
    detail = "This account is locked; ask for a mail to choose a new password."


class AccountClosed(Denied):
    """The account may not be used now: until a time, or until an administrator changes it, and perhaps for a reason."""

    def __init__(self, reason: str | None = None, until: datetime | None = None) -> None:
        super().__init__()
        self.reason = reason
        self.until = until


class AccountBanned(AccountClosed):
    code = "account_banned"
    detail = "This account is banned."


class AccountInactive(AccountClosed):
    code = "account_inactive"
    detail = "This account is not active."


class FactorNotFound(NotFound):
    code = "factor_not_found"
    detail = "This factor does not exist, or was not confirmed in time."


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    detail = "This invitation does not exist: it was used, withdrawn or replaced, or it has expired."


class MailNotFound(NotFound):
    code = "mail_not_found"
    detail = "This mail is not in the queue: it was delivered or removed, or the id is wrong."


class ServiceKeyNotFound(NotFound):
    code = "service_key_not_found"
    detail = "There is no service key with this name."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "This user does not exist."


class SessionNotFound(NotFound):
    code = "session_not_found"
    detail = "This session does not exist."


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "An account with this email address already exists."


class FactorConfirmed(Conflict):
    code = "factor_confirmed"
    detail = "This factor was confirmed before."


class IdempotencyKeyReused(Conflict):
    """Two requests that are not the same carry one key."""

    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request; choose a new one."


class LastAdmin(Conflict):
    code = "last_admin"
    detail = "This is the last active administrator; appoint another one first."


class NoFactor(Conflict):
    code = "no_factor"
    detail = "Recovery codes stand in for a second factor; add one first."


class PasswordExists(Conflict):
    code = "password_exists"
    detail = "This account has a password already; change it instead."


class ServiceKeyNameTaken(Conflict):
    code = "service_key_name_taken"
    detail = "A service key with this name already exists; revoke it first, or choose another name."


class TooManyFactors(Conflict):
    code = "too_many_factors"
    detail = "This account has the greatest number of factors; remove one first."


class MailUnderWay(Conflict):
    """A second worker that takes a mail would send it twice."""

    code = "mail_under_way"
    detail = "This mail is being delivered, or will be within three minutes."


class PasskeyNotAccepted(BukhindorError):
    """What a signed-in caller sent is no passkey that this service can take. The caller's tokens stay valid."""

    code = "passkey_not_accepted"
    detail = "This passkey can't be accepted; request new options and try again."


class InvalidPasskey(Unauthenticated):
    """`user_id` is the account that a forged use names, None where none is known. It never leaves the service."""

    code = "invalid_passkey"
    detail = "The passkey is unknown here, or its proof is wrong, was used, or has expired; request new options."

    def __init__(self, user_id: UUID | None = None) -> None:
        super().__init__()
        self.user_id = user_id


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    detail = "This passkey does not exist."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    detail = "An account has at most twenty passkeys; remove one first."


class Unavailable(BukhindorError):
    """The service can't handle the request now; the same request may succeed after `retry_after` seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooBusy(Unavailable):
    code = "too_busy"
    detail = "The service is busy; try again in a moment."


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
