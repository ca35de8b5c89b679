"""Refusals because of what is stored: the object does not exist, or the request contradicts it."""

from bukhindor.domain.errors.root import Conflict, NotFound


class FactorNotFound(NotFound):
    code = "factor_not_found"
    detail = "This factor does not exist, or was not confirmed in time."


class IdentityNotFound(NotFound):
    code = "identity_not_found"
    detail = "This linked account does not exist."


class InvitationNotFound(NotFound):
    code = "invitation_not_found"
    detail = "This invitation does not exist: it was used, withdrawn or replaced, or it has expired."


class MailNotFound(NotFound):
    code = "mail_not_found"
    detail = "This mail is not in the queue: it was delivered or removed, or the id is wrong."


class ProviderNotFound(NotFound):
    code = "provider_not_found"
    detail = "This service has no provider with this name."


class ServiceKeyNotFound(NotFound):
    code = "service_key_not_found"
    detail = "There is no service key with this name."


class UserNotFound(NotFound):
    code = "user_not_found"
    detail = "This user does not exist."


class SessionNotFound(NotFound):
    code = "session_not_found"
    detail = "This session does not exist."


class EmailRequired(Conflict):
    code = "email_required"
    detail = "This account has no email address; add one first."


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


class IdentityTaken(Conflict):
    code = "identity_taken"
    detail = "This account at the provider belongs to another account here."


class LastSignInMethod(Conflict):
    code = "last_sign_in_method"
    detail = "This is the last way to sign in to this account; add another one first."


class TooManyIdentities(Conflict):
    code = "too_many_identities"
    detail = "An account has at most ten linked accounts; unlink one first."


class LastAdmin(Conflict):
    code = "last_admin"
    detail = "This is the last active administrator; appoint another one first."


class NotAGuest(Conflict):
    code = "not_a_guest"
    detail = "This account is not a guest's; it has a way in already."


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


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    detail = "This passkey does not exist."


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    detail = "An account has at most twenty passkeys; remove one first."
