"""/account/…: the pages that mailed links open. Opening a page changes nothing; only its button does."""

from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.password import NewPassword, Password
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification, Verification
from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.addresses import ACCOUNT, PAGE_OF
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_proof
from bukhindor.web.pages.landing_words import OPEN_IN_APP, PAGES, TYPE_THE_CODE
from bukhindor.web.pages.rendering import page


class LinkQuery(msgspec.Struct, frozen=True):
    """The query of a mailed link."""

    token: str = ""


class LandingForm(msgspec.Struct, frozen=True):
    """The form that the page's button sends."""

    token: str = ""
    password: str = ""


async def show_password_reset(call: Call, query: LinkQuery) -> Response:
    """Show the page that chooses a new password"""
    return _landing(call, Purpose.RESET_PASSWORD, query.token)


async def reset_password(call: Call, password_reset: PasswordReset, body: LandingForm) -> Response:
    """Choose a new password"""
    proof = parse_proof(body.token, None, None)
    device_proof = await password_reset.confirm(proof, NewPassword.parse(body.password), call.origin)
    # A form of another site may carry that site's own link, and would put its proof in the place of ours.
    if call.exchange.headers.get("sec-fetch-site", "same-origin") == "same-origin":
        call.set_device_proof_cookie(device_proof)
    return _done(call, Purpose.RESET_PASSWORD)


def password_reset_refused(call: Call, refusal: Refusal) -> Response:
    return _refused(call, Purpose.RESET_PASSWORD, refusal)


async def show_email_verification(call: Call, query: LinkQuery) -> Response:
    """Show the page that verifies an address"""
    return _landing(call, Purpose.VERIFY_EMAIL, query.token)


async def verify_email(call: Call, email_verification: EmailVerification, body: LandingForm) -> Response:
    """Verify an address"""
    proof = parse_proof(body.token, None, None)
    known = Password.parse(body.password) if body.password else None
    outcome = await email_verification.confirm(proof, call.origin, password=known)
    return _done(call, Purpose.VERIFY_EMAIL, without_password=outcome is Verification.PASSWORD_REMOVED)


def email_verification_refused(call: Call, refusal: Refusal) -> Response:
    return _refused(call, Purpose.VERIFY_EMAIL, refusal)


async def show_email_change(call: Call, query: LinkQuery) -> Response:
    """Show the page that confirms a new address"""
    return _landing(call, Purpose.CHANGE_EMAIL, query.token)


async def change_email(call: Call, email_change: EmailChange, body: LandingForm) -> Response:
    """Confirm a new address"""
    await email_change.confirm(parse_proof(body.token, None, None), call.origin)
    return _done(call, Purpose.CHANGE_EMAIL)


def email_change_refused(call: Call, refusal: Refusal) -> Response:
    return _refused(call, Purpose.CHANGE_EMAIL, refusal)


def _refused(call: Call, purpose: Purpose, refusal: Refusal) -> Response:
    """Return the page with its form again, and the error."""
    body, query = call.arguments.get("body"), call.arguments.get("query")
    token = next((shape.token for shape in (body, query) if isinstance(shape, (LandingForm, LinkQuery))), "")
    return _landing(call, purpose, token, refusal)


def _landing(call: Call, purpose: Purpose, token: str, refusal: Refusal | None = None) -> Response:
    language = call.exchange.language
    words, name, app_url = PAGES[purpose][language], PAGE_OF[purpose], call.settings.app_url
    return page(
        "landing.html",
        call.exchange,
        call.settings,
        200 if refusal is None else refusal.status,
        {} if refusal is None else refusal.headers,
        title=words.title,
        landing=words,
        error="" if refusal is None else " ".join(each.message for each in refusal.errors) or refusal.detail,
        address=f"{ACCOUNT}/{name}",
        token=token,
        app_link=f"{app_url}/{name}?{urlencode({'token': token})}" if app_url else "",
        open_in_app=OPEN_IN_APP[language],
        type_the_code=TYPE_THE_CODE[language],
    )


def _done(call: Call, purpose: Purpose, *, without_password: bool = False) -> Response:
    words = PAGES[purpose][call.exchange.language]
    done = words.done_without_password if without_password else words.done
    return page("done.html", call.exchange, call.settings, title=words.title, done=done)
