"""Why a mail server did not accept a mail, in our own words: what a server says may quote the mail or the login."""

import re
import socket
import ssl

import aiosmtplib

from bukhindor.domain.mail import MailNotAccepted

_PERMANENT = range(500, 600)
# The server wants another login (RFC 4954 section 6): no mail is to blame for that.
_ABOUT_LOGIN = frozenset({530, 534, 535, 538})
# RFC 5321 section 4.5.3.1.10: to a recipient, this means as much as 452.
_FULL = 552
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
# RFC 3463, and what large providers make of it: the sender's address (1.7, 1.8), a full mailbox (2.2), a system that
# takes no mail now (3.0 to 3.2), the network and the quota of the sender (4.x), the login and what it may do (7.x).
_NOT_THE_MAILS_FAULT = re.compile(r"5\.(?:1\.[78]|2\.2|3\.[012]|4\.\d+|7\.\d+)")
# About the message itself, these may also be a verdict on its content.
_VERDICT = re.compile(r"5\.7\.\d+")
_SENDERS_RIGHT = re.compile(r"5\.7\.(?:0|3|8|9|14|57|60)")


class NotOffered(aiosmtplib.SMTPException):
    """The server lacks what the settings ask for. `sentence` says so."""

    sentence = ""

    def __init__(self) -> None:
        super().__init__(self.sentence)


class NoStartTls(NotOffered):
    sentence = "The mail server offers no STARTTLS, and no mail is sent in clear."


class NoLogin(NotOffered):
    sentence = "The mail server offers no login (AUTH), and SMTP_URL names a user."


class NoMechanism(NotOffered):
    sentence = "The mail server offers no login mechanism that is known here: CRAM-MD5, PLAIN or LOGIN."


def explained(error: Exception) -> MailNotAccepted:
    """The refusal for an error of the library or the network."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        enhanced = _ENHANCED_CODE.match(error.message)
        code = "" if enhanced is None else enhanced[0]
        reason = f"The mail server answered {error.code}{f' {code}' if code else ''} {_stage_of(error)}."
        return MailNotAccepted(reason, permanent=_is_about_the_mail(error, code))
    return MailNotAccepted(_sentence(error), permanent=False)


def _sentence(error: Exception) -> str:
    if isinstance(error, NotOffered):
        return error.sentence
    if isinstance(error, TimeoutError):
        return "The mail server took too long."
    # The library keeps the network's error as the cause of its own.
    match error.__cause__ or error:
        case ssl.SSLCertVerificationError():
            return "The mail server's certificate was not accepted."
        case ssl.SSLError():
            return "The mail server's TLS was not accepted: the port may be one for STARTTLS, or the other way round."
        case socket.gaierror():
            return "The mail server's name was not found: DNS has no address for it."
        case ConnectionRefusedError():
            return "Nothing listens there: the mail server's host refused the connection."
    return f"The mail server could not be used ({type(error).__name__})."


def _is_about_the_mail(error: aiosmtplib.SMTPResponseException, enhanced: str) -> bool:
    """Whether the server will never take this mail. The sender's address, quota and login are the same for all mails:
    an operator mends them, and then the mails that waited are delivered.
    """
    if error.code not in _PERMANENT or error.code in _ABOUT_LOGIN:
        return False
    if isinstance(error, aiosmtplib.SMTPDataError):
        is_verdict = bool(_VERDICT.fullmatch(enhanced)) and not _SENDERS_RIGHT.fullmatch(enhanced)
        return is_verdict or not _NOT_THE_MAILS_FAULT.fullmatch(enhanced)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return not _NOT_THE_MAILS_FAULT.fullmatch(enhanced) and (error.code != _FULL or bool(enhanced))
    return False


def _stage_of(error: aiosmtplib.SMTPResponseException) -> str:
    match error:
        case aiosmtplib.SMTPSenderRefused():
            return "to the sender's address"
        case aiosmtplib.SMTPRecipientRefused():
            return "to the recipient's address"
        case aiosmtplib.SMTPDataError():
            return "to the message"
        case aiosmtplib.SMTPAuthenticationError():
            return "to the login"
    return "to the connection"
