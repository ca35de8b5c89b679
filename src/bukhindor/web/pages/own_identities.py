"""/account/identities: the page on which a person links accounts at other providers, and unlinks them."""

from uuid import UUID

from starlette.responses import Response

from bukhindor.domain.errors import IdentityNotFound
from bukhindor.services.identities import Identities
from bukhindor.web.addresses import CONNECTED_IDENTITY, OWN_IDENTITIES
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.row import SignedInForm
from bukhindor.web.pages.identity_sign_in import FLOW_SECONDS, ReturnQuery, failure
from bukhindor.web.pages.identity_words import IDENTITIES
from bukhindor.web.pages.own_pages import own_page, own_refused, redirect, to_sign_in
from bukhindor.web.pages.rendering import page


class ConnectionForm(SignedInForm, frozen=True, kw_only=True):
    provider: str = ""


class DisconnectionForm(SignedInForm, frozen=True, kw_only=True):
    identity: str = ""


async def show_own_identities(call: Call, settings: WebSettings, identities: Identities) -> Response:
    """Show the linked accounts of a person"""
    words, labels = IDENTITIES[call.exchange.language], dict(settings.identity_providers)
    return own_page(
        "own_identities.html",
        call,
        settings,
        title=words.title,
        words_of_identities=words,
        identities=await identities.own(call.caller),
        labels=labels,
        providers=settings.identity_providers,
    )


async def connect_identity(
    call: Call, settings: WebSettings, cookies: Cookies, identities: Identities, body: ConnectionForm
) -> Response:
    """Send this browser to a provider, to link an account there"""
    came_back, browser = settings.public_url + CONNECTED_IDENTITY, cookies.flow_browser(call.exchange)
    departure = await identities.leave_to_link(call.caller, body.provider, came_back, browser)
    cookies.set_flow_browser(call.exchange, departure.browser, FLOW_SECONDS)
    words = IDENTITIES[call.exchange.language]
    label = dict(settings.identity_providers)[body.provider]
    title = f"{words.leaving} {label}"
    # A form may lead to pages of ours only (form-action), so a page, and not a redirect, leads to the provider.
    return page("leaving.html", call.exchange, settings, title=title, address=departure.address, label=label)


async def link_connected_identity(
    call: Call, settings: WebSettings, cookies: Cookies, identities: Identities, query: ReturnQuery
) -> Response:
    """Link the account that this browser comes back with"""
    if query.error:
        return own_identity_refused(call, settings, failure(call, query.error))
    await identities.link_by_code(call.caller, query.code, cookies.flow_browser(call.exchange))
    return redirect(settings, OWN_IDENTITIES)


async def disconnect_identity(
    call: Call, settings: WebSettings, identities: Identities, body: DisconnectionForm
) -> Response:
    """Unlink an account"""
    await identities.unlink(call.caller, _identity_id(body.identity))
    return redirect(settings, OWN_IDENTITIES)


def own_identity_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the sign-in, or what went wrong with a way back to the list."""
    elsewhere = to_sign_in(call, settings, refusal)
    if elsewhere is not None or call.signed_in is None:
        return elsewhere or own_refused(call, settings, refusal)
    words = IDENTITIES[call.exchange.language]
    return own_page("own_identity_refused.html", call, settings, refusal, title=words.title)


def _identity_id(raw: str) -> UUID:
    """Raises IdentityNotFound."""
    try:
        return UUID(raw)
    except ValueError:
        raise IdentityNotFound from None
