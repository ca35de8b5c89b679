"""POST /auth/guest and /auth/guest/upgrade"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.guests import Guests
from bukhindor.web.api.shapes import EmailField, NameField, NewPasswordField, SignInResult, TokensShape, UserShape
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class GuestBody(msgspec.Struct, frozen=True):
    """Without a `name` the guest gets one in the language of the request."""

    name: NameField | None = None


class UpgradeBody(msgspec.Struct, frozen=True):
    email: EmailField
    password: NewPasswordField
    name: Annotated[NameField | None, Meta(description="Null leaves the name of the guest")] = None


async def begin_as_guest(
    call: Call,
    guests: Guests,
    cookies: Cookies,
    body: GuestBody = GuestBody(),  # noqa: B008  # Immutable.
) -> SignInResult:
    """Begin as a guest, without an address"""
    in_cookie = call.wants_refresh_cookie
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    tokens = await guests.start(body.name, call.device, call.origin, language)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return SignInResult("Signed in as a guest.", TokensShape.of(tokens))


async def upgrade_guest(call: Call, guests: Guests, body: UpgradeBody) -> UserShape:
    """Give a guest's account an address and a password"""
    user = await guests.upgrade(call.caller, body.email, body.password, body.name)
    return UserShape.of(user, call.now, for_admin=False)
