"""/account/sign-in-code: the page that signs a browser in with a mailed link."""

from starlette.responses import Response

from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import MfaRequired
from bukhindor.domain.one_time_token import Purpose
from bukhindor.services.mailed_links import MailedLinks
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.pages.landing import LinkForm, LinkQuery, NewMailForm, done, link_of, link_refused, sent, show_link
from bukhindor.web.pages.sign_in import factor_page

_SIGN_IN = Purpose.SIGN_IN


async def show_sign_in(call: Call, settings: WebSettings, mailed_links: MailedLinks, query: LinkQuery) -> Response:
    """Show the page that signs in"""
    return await show_link(call, settings, mailed_links, _SIGN_IN, query.token)


async def sign_in(
    call: Call,
    settings: WebSettings,
    cookies: Cookies,
    mailed_links: MailedLinks,
    sign_in_code: SignInCode,
    body: LinkForm,
) -> Response:
    """Sign this browser in"""
    # A form of another site could sign a visitor in to an account of that site's owner (OWASP ASVS 5.0 section 3.5.1).
    cookies.require_own_page(call.exchange)
    link = await link_of(call, mailed_links, _SIGN_IN, body.token)
    origin = call.origin
    browser = Device(ip=origin.ip, user_agent=origin.user_agent)
    tokens = await sign_in_code.confirm(link, browser, origin, cookies.device_proof(call.exchange))
    # A page can keep no token itself, so the refresh token has to be in its cookie.
    cookies.hand_over(call.exchange, tokens, in_cookie=True)
    return done(call, settings, _SIGN_IN)


async def mail_sign_in_code(call: Call, settings: WebSettings, sign_in_code: SignInCode, body: NewMailForm) -> Response:
    """Ask for a new mail to sign in"""
    await sign_in_code.request(EmailAddress.parse(body.email), call.origin)
    return sent(call, settings)


def sign_in_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    if refusal.code == MfaRequired.code:
        return factor_page(call, settings, refusal.members["mfa_token"], " ".join(refusal.members["factors"]), "")
    return link_refused(call, settings, _SIGN_IN, refusal)
