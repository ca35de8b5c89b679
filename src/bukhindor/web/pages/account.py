"""/account/…: the pages that mailed links open. Opening a page changes nothing; only its buttons do."""

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import LinkToken, Purpose
from bukhindor.domain.password import NewPassword, Password
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification, Verification
from bukhindor.services.mailed_links import LinkState, MailedLinks
from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.addresses import ACCOUNT, PAGE_OF
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_link
from bukhindor.web.pages.landing_words import ALREADY_VERIFIED, LANDING, PAGES, WITHOUT_PASSWORD
from bukhindor.web.pages.rendering import page, refusal_page

_RESET, _VERIFY, _CHANGE = Purpose.RESET_PASSWORD, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL
# What a person can try again with the same form: a field to correct, a limit or a busy server to wait for.
_WORTH_ANOTHER_TRY = (400, 429, 503)


class LinkQuery(msgspec.Struct, frozen=True):
    """The query of a mailed link."""

    token: str = ""


class LinkForm(msgspec.Struct, frozen=True):
    """The form of a button without a password."""

    token: str = ""


class PasswordForm(msgspec.Struct, frozen=True):
    """The form of a button with a password."""

    token: str = ""
    password: str = ""


class NewMailForm(msgspec.Struct, frozen=True):
    """What the button for a new mail sends."""

    email: str = ""


async def show_password_reset(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery
) -> Response:
    """Show the page that chooses a new password"""
    return await _show(call, settings, mailed_links, _RESET, query.token)


async def reset_password(
    call: Call,
    settings: WebSettings,
    cookies: Cookies,
    mailed_links: MailedLinks,
    password_reset: PasswordReset,
    body: PasswordForm,
) -> Response:
    """Choose a new password"""
    link = await _link(call, mailed_links, _RESET, body.token)
    device_proof = await password_reset.confirm(link, NewPassword.parse(body.password), call.origin)
    # A form of another site may carry that site's own link, and would put its proof in the place of ours.
    if call.is_from_own_page:
        cookies.set_device_proof(call.exchange, device_proof)
    return _done(call, settings, _RESET)


async def mail_password_reset(
    call: Call, settings: WebSettings, password_reset: PasswordReset, body: NewMailForm
) -> Response:
    """Ask for a new mail to choose a password"""
    await password_reset.request(EmailAddress.parse(body.email), call.origin)
    return _sent(call, settings)


def password_reset_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return _refused(call, settings, _RESET, refusal)


async def show_email_verification(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery
) -> Response:
    """Show the page that verifies an address"""
    return await _show(call, settings, mailed_links, _VERIFY, query.token)


async def verify_email(
    call: Call,
    settings: WebSettings,
    mailed_links: MailedLinks,
    email_verification: EmailVerification,
    body: PasswordForm,
) -> Response:
    """Verify an address with the password of its account"""
    link = await _link(call, mailed_links, _VERIFY, body.token)
    outcome = await email_verification.confirm(link, call.origin, password=Password.parse(body.password))
    return _verified(call, settings, outcome)


async def verify_email_without_password(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, email_verification: EmailVerification, body: LinkForm
) -> Response:
    """Verify an address, and remove the password that another person may have chosen"""
    link = await _link(call, mailed_links, _VERIFY, body.token)
    return _verified(call, settings, await email_verification.confirm(link, call.origin))


async def mail_email_verification(
    call: Call, settings: WebSettings, email_verification: EmailVerification, body: NewMailForm
) -> Response:
    """Ask for a new mail to verify an address"""
    await email_verification.request(EmailAddress.parse(body.email), call.origin)
    return _sent(call, settings)


def email_verification_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return _refused(call, settings, _VERIFY, refusal)


async def show_email_change(call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery) -> Response:
    """Show the page that confirms a new address"""
    return await _show(call, settings, mailed_links, _CHANGE, query.token)


async def change_email(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, email_change: EmailChange, body: LinkForm
) -> Response:
    """Confirm a new address"""
    await email_change.confirm(await _link(call, mailed_links, _CHANGE, body.token), call.origin)
    return _done(call, settings, _CHANGE)


def email_change_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    return _refused(call, settings, _CHANGE, refusal)


async def _show(call: Call, settings: WebSettings, mailed_links: MailedLinks, purpose: Purpose, token: str) -> Response:
    """Return the page of a link that works. Raises InvalidOneTimeToken and InvalidInput for one that does not."""
    link = await mailed_links.look(purpose, parse_link(token))
    if link.state is LinkState.DEAD:
        raise InvalidOneTimeToken
    if link.state is LinkState.DONE:
        return _already_verified(call, settings)
    call.mailbox = link.mailbox
    return _form(call, settings, purpose, token)


async def _link(call: Call, mailed_links: MailedLinks, purpose: Purpose, token: str) -> LinkToken:
    """Return the token of a form, and keep for a refusal to which address its mail was sent. Raises InvalidInput."""
    link = parse_link(token)
    call.mailbox = (await mailed_links.look(purpose, link)).mailbox
    return link


def _refused(call: Call, settings: WebSettings, purpose: Purpose, refusal: Refusal) -> Response:
    """Return the form again, or one for a new mail where the link is dead."""
    body, query = call.arguments.get("body"), call.arguments.get("query")
    if isinstance(body, NewMailForm):
        return _new_mail(call, settings, purpose, refusal, _message(refusal), body.email)
    blamed = {error.field for error in refusal.errors}
    if refusal.code == InvalidOneTimeToken.code or blamed & {"token", "query"}:
        return _new_mail(call, settings, purpose, refusal, LANDING[call.exchange.language].dead)
    token = next((shape.token for shape in (body, query) if isinstance(shape, LinkForm | PasswordForm | LinkQuery)), "")
    if token and refusal.status in _WORTH_ANOTHER_TRY:
        return _form(call, settings, purpose, token, refusal)
    return refusal_page(call.exchange, settings, refusal)


def _message(refusal: Refusal) -> str:
    return " ".join(each.message for each in refusal.errors) or refusal.detail


def _form(call: Call, settings: WebSettings, purpose: Purpose, token: str, refusal: Refusal | None = None) -> Response:
    language = call.exchange.language
    words, name, app_url = PAGES[purpose][language], PAGE_OF[purpose], settings.app_url
    return page(
        "landing.html",
        call.exchange,
        settings,
        200 if refusal is None else refusal.status,
        {} if refusal is None else refusal.headers,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        without_password=WITHOUT_PASSWORD[language] if purpose is _VERIFY else None,
        error="" if refusal is None else _message(refusal),
        is_field_wrong=refusal is not None and refusal.status == 400,
        mailbox=call.mailbox,
        address=f"{settings.public_path}{ACCOUNT}/{name}",
        autocomplete="current-password" if purpose is _VERIFY else "new-password",
        token=token,
        app_link=f"{app_url}/{name}?{urlencode({'token': token})}" if app_url else "",
    )


def _new_mail(
    call: Call, settings: WebSettings, purpose: Purpose, refusal: Refusal, error: str, email: str = ""
) -> Response:
    language = call.exchange.language
    words = PAGES[purpose][language]
    return page(
        "new_mail.html",
        call.exchange,
        settings,
        refusal.status,
        refusal.headers,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        error=error,
        is_field_wrong=bool(email) and refusal.status == 400,
        # A change of address begins in the app, where the person is signed in.
        address="" if purpose is _CHANGE else f"{settings.public_path}{ACCOUNT}/{PAGE_OF[purpose]}/new-mail",
        email=email,
        app_url=settings.app_url,
    )


def _done(call: Call, settings: WebSettings, purpose: Purpose) -> Response:
    words = PAGES[purpose][call.exchange.language]
    return _end(call, settings, words.done_title, words.done)


def _verified(call: Call, settings: WebSettings, outcome: Verification) -> Response:
    if outcome is Verification.ALREADY_VERIFIED:
        return _already_verified(call, settings)
    if outcome is Verification.PASSWORD_KEPT:
        return _done(call, settings, _VERIFY)
    words = WITHOUT_PASSWORD[call.exchange.language]
    return _end(call, settings, words.done_title, words.done)


def _already_verified(call: Call, settings: WebSettings) -> Response:
    words = ALREADY_VERIFIED[call.exchange.language]
    return _end(call, settings, words.title, words.text)


def _sent(call: Call, settings: WebSettings) -> Response:
    words = LANDING[call.exchange.language]
    return _end(call, settings, words.sent_title, words.sent, words.sent_next)


def _end(call: Call, settings: WebSettings, title: str, text: str, further: str = "") -> Response:
    """Return a page with nothing left to do but to go back to the app."""
    return page(
        "done.html",
        call.exchange,
        settings,
        title=title,
        text=text,
        further=further,
        landing=LANDING[call.exchange.language],
        app_url=settings.app_url,
    )
