"""What a person proves with a mail: reset, verification, change of address."""

from bukhindor.domain.act import Act
from bukhindor.domain.errors import (
    IncorrectPassword,
    InvalidOneTimeToken,
    RateLimited,
    ReauthenticationRequired,
    TooBusy,
)
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.api import email_change, email_verification, password_reset
from bukhindor.web.endpoint.limits import GUESSES, MAILS
from bukhindor.web.endpoint.row import Access, Endpoint

_ANYONE, _SIGNED_IN = Access.ANYONE, Access.SIGNED_IN

# fmt: off
MAILBOX = (
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
# fmt: on
