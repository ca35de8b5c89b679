"""What the pages of a signed-in person share: where they lead, their forms, and how they send to the sign-in."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bukhindor.domain.device import Device
from bukhindor.domain.errors import (
    InvalidAccessToken,
    InvalidRefreshToken,
    MfaEnrollmentRequired,
    NotSignedIn,
    ReauthenticationRequired,
    RefreshTokenReused,
)
from bukhindor.web.addresses import (
    ACCOUNT,
    OWN_ADDRESS,
    OWN_DELETION,
    OWN_FACTORS,
    OWN_IDENTITIES,
    OWN_PASSKEYS,
    OWN_PASSWORD,
    OWN_SESSIONS,
    SIGN_IN,
)
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.form_token import form_token
from bukhindor.web.pages.own_words import OWN
from bukhindor.web.pages.rendering import POLICY, page, refusal_page

# The sign-in leads to these only, so that no link leads a person through it to another site.
_PLACES = (
    ACCOUNT, OWN_SESSIONS, OWN_PASSKEYS, OWN_IDENTITIES, OWN_FACTORS, OWN_PASSWORD, OWN_ADDRESS, OWN_DELETION,
)  # fmt: skip
# The session has ended, or the person must prove again that they are present.
_ASKING_FOR_SIGN_IN = {
    error.code
    for error in (NotSignedIn, InvalidAccessToken, InvalidRefreshToken, RefreshTokenReused, ReauthenticationRequired)
}
_FETCHING = {"content-security-policy": f"{POLICY}; connect-src 'self'"}
# What a person can try again with the same form: a field to correct, a limit or a busy server to wait for.
_WORTH_ANOTHER_TRY = (400, 401, 403, 429, 503)


def place(address: str) -> str:
    """The page to go to after the sign-in: the one that was asked for if it is ours, else the overview."""
    return address if address in _PLACES else ACCOUNT


def _page_above(path: str) -> str:
    """The page that a form or a response of a provider belongs to."""
    while path not in _PLACES and path.startswith(ACCOUNT):
        path = path.rpartition("/")[0]
    return place(path)


def redirect(settings: WebSettings, path: str) -> Response:
    """Have the browser open another page with GET (RFC 9110 section 15.4.4)."""
    return Response(status_code=303, headers={"location": settings.public_path + path})


def browser_of(call: Call) -> Device:
    """The device of a browser, which sends no client headers."""
    return Device(ip=call.origin.ip, user_agent=call.origin.user_agent)


def own_page(
    template: str,
    call: Call,
    settings: WebSettings,
    refusal: Refusal | None = None,
    *,
    fetches: bool = False,
    **values: Any,
) -> Response:
    """Return a page of the hosted account, with the refusal that its form met, if any.

    With `fetches` a script of the page calls the API.
    """
    caller = call.signed_in
    return page(
        template,
        call.exchange,
        settings,
        refusal,
        headers=_FETCHING if fetches else {},
        own=OWN[call.exchange.language],
        form_token="" if caller is None else form_token(settings.form_key, caller.session.id),
        user=None if caller is None else caller.user,
        **values,
    )


def to_sign_in(call: Call, settings: WebSettings, refusal: Refusal) -> Response | None:
    """Where a person goes whose session has ended, who must prove again that they are present, or who must add a second
    factor first; else None.
    """
    if refusal.code == MfaEnrollmentRequired.code:
        return redirect(settings, OWN_FACTORS)
    if refusal.code in _ASKING_FOR_SIGN_IN:
        path, query = call.exchange.path, call.exchange.query
        if call.exchange.method == "GET" and call.exchange.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # A link of another site carries no strict cookie; the page opens itself again, and then it does.
            again, title = f"{path}?{query}" if query else path, OWN[call.exchange.language].title
            return page("again.html", call.exchange, settings, title=title, path=again)
        return redirect(settings, f"{SIGN_IN}?{urlencode({'next': _page_above(path)})}")
    return None


def own_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the refusal of a page without fields: the sign-in, or what went wrong."""
    return to_sign_in(call, settings, refusal) or refusal_page(call.exchange, settings, refusal)


def can_try_again(refusal: Refusal) -> bool:
    return refusal.status in _WORTH_ANOTHER_TRY
