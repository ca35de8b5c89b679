"""Refusals of a caller: the service can't tell who they are, or they may not do this."""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.errors.root import BukhindorError, Denied, Unauthenticated
from bukhindor.domain.sign_in_method import Method


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


class InvalidIdToken(Unauthenticated):
    """An ID token is not one that its provider has just made for this service and this sign-in, or it was used.

    `reason` is for the log, and never for the client.
    """

    code = "invalid_id_token"
    detail = "The ID token is not valid here, was used, or has expired; sign in at the provider again."

    def __init__(self, reason: str = "") -> None:
        super().__init__()
        self.reason = reason


class InvalidAuthorizationCode(Unauthenticated):
    code = "invalid_authorization_code"
    detail = "The code is not valid here, was used, or has expired; sign in at the provider again."


class IdentityEmailNotVerified(Unauthenticated):
    """No account is linked to the identity, and its provider vouches for no address."""

    code = "identity_email_not_verified"
    detail = "The provider has not verified your email address. Sign in another way, and link this account then."


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


class InvalidPasskey(Unauthenticated):
    """`user_id` is the account that a forged use names, None where none is known. It never leaves the service."""

    code = "invalid_passkey"
    detail = "The passkey is unknown here, or its proof is wrong, was used, or has expired; request new options."

    def __init__(self, user_id: UUID | None = None) -> None:
        super().__init__()
        self.user_id = user_id


class InvalidWebFlow(BukhindorError):
    """A browser comes back from a provider and can't say which sign-in it completes, or completes it again."""

    code = "invalid_web_flow"
    detail = (
        "This sign-in was begun in another browser, has been completed, or took longer than ten minutes; begin again."
    )


class RedirectNotAllowed(BukhindorError):
    """The operator has not listed this address, so the server leads no browser to it."""

    code = "redirect_not_allowed"
    detail = "APP_REDIRECTS does not have this redirect_uri; it must be the same character by character."
