"""/account/sign-in/with/…: a browser signs in with an account at another provider."""

import msgspec
from starlette.responses import Response

from bukhindor.domain.errors import MfaRequired
from bukhindor.domain.identity_web_flow import FLOW_LIFE
from bukhindor.services.identity_sign_in import IdentitySignIn
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.web.addresses import IDENTITY_SIGN_IN
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.pages.identity_words import IDENTITIES
from bukhindor.web.pages.own_pages import browser_of, place, redirect
from bukhindor.web.pages.sign_in import SignInQuery, factor_page, password_page

FLOW_SECONDS = round(FLOW_LIFE.total_seconds())


class ReturnQuery(msgspec.Struct, frozen=True):
    """What the callback brings; `state` is the page to go to after the sign-in."""

    code: str = ""
    error: str = ""
    state: str = ""


async def leave_for_provider(
    call: Call, settings: WebSettings, cookies: Cookies, web_flow: IdentityWebFlow, query: SignInQuery
) -> Response:
    """Send this browser to a provider"""
    page, browser = settings.public_url + IDENTITY_SIGN_IN, cookies.flow_browser(call.exchange)
    departure = await web_flow.start_on_page(call.provider, page, place(query.next), browser)
    cookies.set_flow_browser(call.exchange, departure.browser, FLOW_SECONDS)
    return Response(status_code=303, headers={"location": departure.address})


async def sign_in_with_identity(
    call: Call, settings: WebSettings, cookies: Cookies, identity_sign_in: IdentitySignIn, query: ReturnQuery
) -> Response:
    """Sign this browser in with what the provider has said"""
    if query.error:
        return password_page(call, settings, "", query.state, failure(call, query.error))
    browser, proof = cookies.flow_browser(call.exchange), cookies.device_proof(call.exchange)
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    signed_in = await identity_sign_in.on_page(query.code, browser, browser_of(call), call.origin, proof, language)
    cookies.hand_over(call.exchange, signed_in.tokens, in_cookie=True)
    return redirect(settings, place(query.state))


def identity_sign_in_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the sign-in page with what went wrong, or the form of the second factor."""
    query = call.arguments.get("query")
    following = query.state if isinstance(query, ReturnQuery) else ""
    if refusal.code == MfaRequired.code:
        factors = " ".join(refusal.members["factors"])
        return factor_page(call, settings, refusal.members["mfa_token"], factors, following)
    return password_page(call, settings, "", following, refusal)


def failure(call: Call, word: str) -> Refusal:
    """What a person reads when the callback brings this word in place of a code."""
    return Refusal(400, "identity_sign_in_failed", IDENTITIES[call.exchange.language].failure(word))
