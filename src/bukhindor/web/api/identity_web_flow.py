"""GET /auth/identities/{provider}/start, GET and POST …/callback: a browser leaves for a provider, and comes back"""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.identity_web_flow import (
    FLOW_LIFE,
    AppState,
    CodeChallenge,
    Destination,
    ProviderAnswer,
)
from bukhindor.domain.user import Name
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.web.addresses import API, identity_callback
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies

FLOW_SECONDS = round(FLOW_LIFE.total_seconds())
_MAX_USER = 2000

ChallengeField = Annotated[
    CodeChallenge,
    Meta(
        extra_json_schema={"pattern": "^[A-Za-z0-9_-]{43}$"},
        description="The SHA-256 of the `code_verifier` in base64url (RFC 7636, S256)",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    ),
]
StateField = Annotated[
    AppState,
    Meta(
        extra_json_schema={"maxLength": 500, "pattern": "^[ -~]*$"},
        description="Comes back to the app unchanged",
        examples=["af0ifjsldkj"],
    ),
]


class StartQuery(msgspec.Struct, frozen=True):
    redirect_uri: Annotated[
        str, Meta(description="One of `APP_REDIRECTS`, exactly", examples=["com.example.app:/signed-in"])
    ]
    code_challenge: ChallengeField
    state: StateField | None = None


class CallbackParameters(msgspec.Struct, frozen=True):
    """What a provider answers (RFC 6749 section 4.1.2, RFC 9207); `user` is Apple's, with the name of the person."""

    state: Annotated[str, Meta(description="From the start of this sign-in")] = ""
    code: Annotated[str | None, Meta(description="Of the provider")] = None
    iss: Annotated[str | None, Meta(description="The issuer that answers (RFC 9207)")] = None
    error: Annotated[str | None, Meta(description="Why there is no code")] = None
    user: Annotated[str | None, Meta(description="Apple's JSON with the name of the person, at the first sign-in")] = (
        None
    )


class CallbackForm(CallbackParameters, frozen=True):
    """The same, as a form."""


class _AppleName(msgspec.Struct, frozen=True):
    firstName: str = ""  # noqa: N815 - Apple's spelling.
    lastName: str = ""  # noqa: N815 - Apple's spelling.


class _AppleUser(msgspec.Struct, frozen=True):
    name: _AppleName = _AppleName()


async def start_identity_sign_in(call: Call, web_flow: IdentityWebFlow, cookies: Cookies, query: StartQuery) -> None:
    """Send a browser to a provider"""
    destination = Destination(
        redirect_uri=query.redirect_uri, challenge=str(query.code_challenge), app_state=str(query.state or "")
    )
    departure = await web_flow.start(call.provider, destination, cookies.flow_browser(call.exchange))
    cookies.set_flow_browser(call.exchange, departure.browser, FLOW_SECONDS)
    _lead_to(call, departure.address)


async def complete_identity_sign_in(
    call: Call, web_flow: IdentityWebFlow, cookies: Cookies, query: CallbackParameters
) -> None:
    """Receive a browser back from a provider"""
    answer = ProviderAnswer(
        state=query.state, code=query.code, issuer=query.iss, error=query.error, name=_name_in(query.user)
    )
    browser = cookies.flow_browser(call.exchange)
    _lead_to(call, await web_flow.complete(call.provider, answer, browser, call.origin))


async def receive_identity_form(
    call: Call, settings: WebSettings, web_flow: IdentityWebFlow, body: CallbackForm
) -> None:
    """Receive a browser back from a provider that sends a form

    The form comes from another site, so the browser sends no cookie with it, and the server could not tell whose
    sign-in this is. It asks the browser to come again with GET and the same parameters: then the cookie comes along.
    """
    web_flow.require(call.provider)
    given = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) not in (None, "")}
    path = API + identity_callback(call.provider)
    _lead_to(call, f"{settings.public_path}{path}?{urlencode(given)}")


def _lead_to(call: Call, address: str) -> None:
    call.exchange.response_headers.append((b"location", address.encode("ascii")))


def _name_in(user: str | None) -> Name | None:
    """The name in what Apple sends once, in its form's field `user`; None when there is none, or none of a person."""
    if user is None or len(user) > _MAX_USER:
        return None
    try:
        name = msgspec.json.decode(user, type=_AppleUser).name
        return Name.parse(f"{name.firstName} {name.lastName}")
    except (msgspec.DecodeError, InvalidValue):
        return None
