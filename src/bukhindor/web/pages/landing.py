"""What the pages of mailed links share: the page of a link that works or does not, the end, and a new mail."""

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import LinkToken, Purpose
from bukhindor.services.mailed_links import LinkState, MailedLinks
from bukhindor.web.addresses import ACCOUNT, PAGE_OF
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_link
from bukhindor.web.pages.landing_words import ALREADY_VERIFIED, LANDING, PAGES, WITHOUT_PASSWORD
from bukhindor.web.pages.rendering import page, refusal_page

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


async def show_link(
    call: Call, settings: WebSettings, mailed_links: MailedLinks, purpose: Purpose, token: str
) -> Response:
    """Return the page of a link that works. Raises InvalidOneTimeToken and InvalidInput for one that does not."""
    link = await mailed_links.look(purpose, parse_link(token))
    if link.state is LinkState.DEAD:
        raise InvalidOneTimeToken
    if link.state is LinkState.DONE:
        return already_verified(call, settings)
    call.mailbox = link.mailbox
    return _form(call, settings, purpose, token)


async def link_of(call: Call, mailed_links: MailedLinks, purpose: Purpose, token: str) -> LinkToken:
    """Return the token of a form, and keep for a refusal to which address its mail was sent. Raises InvalidInput."""
    link = parse_link(token)
    call.mailbox = (await mailed_links.look(purpose, link)).mailbox
    return link


def link_refused(call: Call, settings: WebSettings, purpose: Purpose, refusal: Refusal) -> Response:
    """Return the form again, or one for a new mail where the link is dead."""
    body, query = call.arguments.get("body"), call.arguments.get("query")
    if isinstance(body, NewMailForm):
        return _new_mail(call, settings, purpose, refusal, refusal.message, body.email)
    blamed = {error.field for error in refusal.errors}
    if refusal.code == InvalidOneTimeToken.code or blamed & {"token", "query"}:
        return _new_mail(call, settings, purpose, refusal, LANDING[call.exchange.language].dead)
    token = next((shape.token for shape in (body, query) if isinstance(shape, LinkForm | PasswordForm | LinkQuery)), "")
    if token and refusal.status in _WORTH_ANOTHER_TRY:
        return _form(call, settings, purpose, token, refusal)
    return refusal_page(call.exchange, settings, refusal)


def _form(call: Call, settings: WebSettings, purpose: Purpose, token: str, refusal: Refusal | None = None) -> Response:
    language = call.exchange.language
    words, name, app_url = PAGES[purpose][language], PAGE_OF[purpose], settings.app_url
    return page(
        "landing.html",
        call.exchange,
        settings,
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        without_password=WITHOUT_PASSWORD[language] if purpose is Purpose.VERIFY_EMAIL else None,
        is_field_wrong=refusal is not None and refusal.status == 400,
        mailbox=call.mailbox,
        address=f"{settings.public_path}{ACCOUNT}/{name}",
        autocomplete="current-password" if purpose is Purpose.VERIFY_EMAIL else "new-password",
        token=token,
        shows_origin=purpose is Purpose.SIGN_IN,
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
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        error=error,
        is_field_wrong=bool(email) and refusal.status == 400,
        # A change of address begins in the app, where the person is signed in.
        address=""
        if purpose is Purpose.CHANGE_EMAIL
        else f"{settings.public_path}{ACCOUNT}/{PAGE_OF[purpose]}/new-mail",
        email=email,
        app_url=settings.app_url,
    )


def done(call: Call, settings: WebSettings, purpose: Purpose) -> Response:
    words = PAGES[purpose][call.exchange.language]
    return end(call, settings, words.done_title, words.done, is_signed_in=purpose is Purpose.SIGN_IN)


def already_verified(call: Call, settings: WebSettings) -> Response:
    words = ALREADY_VERIFIED[call.exchange.language]
    return end(call, settings, words.title, words.text)


def sent(call: Call, settings: WebSettings) -> Response:
    words = LANDING[call.exchange.language]
    return end(call, settings, words.sent_title, words.sent, words.sent_next)


def end(
    call: Call, settings: WebSettings, title: str, text: str, further: str = "", *, is_signed_in: bool = False
) -> Response:
    """Return a page with nothing left to do but to go back to the app, or to the account where one is signed in."""
    return page(
        "done.html",
        call.exchange,
        settings,
        title=title,
        text=text,
        further=further,
        is_signed_in=is_signed_in,
        landing=LANDING[call.exchange.language],
        app_url=settings.app_url,
    )
