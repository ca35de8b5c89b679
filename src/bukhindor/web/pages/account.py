"""/account/…: the pages that mailed links open. Opening a page changes nothing; only its buttons do."""

from starlette.responses import Response

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.password import NewPassword, Password
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification, Verification
from bukhindor.services.mailed_links import MailedLinks
from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.pages.landing import (
    LinkForm,
    LinkQuery,
    NewMailForm,
    PasswordForm,
    already_verified,
    done,
    end,
    link_of,
    link_refused,
    sent,
    show_link,
)
from bukhindor.web.pages.landing_words import WITHOUT_PASSWORD

_RESET, _VERIFY, _CHANGE = Purpose.RESET_PASSWORD, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL


async def show_password_reset(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery
) -> Response:
    """Show the page that chooses a new password"""
    return await show_link(call, settings, mailed_links, _RESET, query.token)


async def reset_password(
    call: Call,
    settings: WebSettings,
    cookies: Cookies,
    mailed_links: MailedLinks,
    password_reset: PasswordReset,
    body: PasswordForm,
) -> Response:
    """Choose a new password"""
    link = await link_of(call, mailed_links, _RESET, body.token)
    device_proof = await password_reset.confirm(link, NewPassword.parse(body.password), call.origin)
    # A form of another site may carry that site's own link, and would put its proof in the place of ours.
    if call.is_from_own_page:
        cookies.set_device_proof(call.exchange, device_proof)
    return done(call, settings, _RESET)


async def mail_password_reset(
    call: Call, settings: WebSettings, password_reset: PasswordReset, body: NewMailForm
) -> Response:
    """Ask for a new mail to choose a password"""
    await password_reset.request(EmailAddress.parse(body.email), call.origin)
    return sent(call, settings)


def password_reset_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return link_refused(call, settings, _RESET, refusal)


async def show_email_verification(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery
) -> Response:
    """Show the page that verifies an address"""
    return await show_link(call, settings, mailed_links, _VERIFY, query.token)


async def verify_email(
    call: Call,
    settings: WebSettings,
    mailed_links: MailedLinks,
    email_verification: EmailVerification,
    body: PasswordForm,
) -> Response:
    """Verify an address with the password of its account"""
    link = await link_of(call, mailed_links, _VERIFY, body.token)
    outcome = await email_verification.confirm(link, call.origin, password=Password.parse(body.password))
    return _verified(call, settings, outcome)


async def verify_email_without_password(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, email_verification: EmailVerification, body: LinkForm
) -> Response:
    """Verify an address, and remove the password that another person may have chosen"""
    link = await link_of(call, mailed_links, _VERIFY, body.token)
    return _verified(call, settings, await email_verification.confirm(link, call.origin))


async def mail_email_verification(
    call: Call, settings: WebSettings, email_verification: EmailVerification, body: NewMailForm
) -> Response:
    """Ask for a new mail to verify an address"""
    await email_verification.request(EmailAddress.parse(body.email), call.origin)
    return sent(call, settings)


def email_verification_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return link_refused(call, settings, _VERIFY, refusal)


async def show_email_change(call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery) -> Response:
    """Show the page that confirms a new address"""
    return await show_link(call, settings, mailed_links, _CHANGE, query.token)


async def change_email(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, email_change: EmailChange, body: LinkForm
) -> Response:
    """Confirm a new address"""
    await email_change.confirm(await link_of(call, mailed_links, _CHANGE, body.token), call.origin)
    return done(call, settings, _CHANGE)


def email_change_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return link_refused(call, settings, _CHANGE, refusal)


def _verified(call: Call, settings: WebSettings, outcome: Verification) -> Response:
    if outcome is Verification.ALREADY_VERIFIED:
        return already_verified(call, settings)
    if outcome is Verification.PASSWORD_KEPT:
        return done(call, settings, _VERIFY)
    words = WITHOUT_PASSWORD[call.exchange.language]
    return end(call, settings, words.done_title, words.done)
