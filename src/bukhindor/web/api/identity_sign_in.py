"""POST /auth/identities/{provider}/token"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.identity_sign_in import IdentitySignedIn, IdentitySignIn, IdToken
from bukhindor.web.api.identity_shapes import AuthorizationCodeField, IdTokenField, NonceField
from bukhindor.web.api.shapes import NameField, TokensShape
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class IdTokenBody(msgspec.Struct, frozen=True):
    """What the native sheet of the provider returned. Apple gives the name to the app, once."""

    id_token: IdTokenField
    nonce: NonceField
    name: NameField | None = None
    authorization_code: AuthorizationCodeField | None = None


class IdentitySignInResult(msgspec.Struct, frozen=True):
    """The tokens are under `user`, where clients look for them."""

    message: Annotated[str, Meta(examples=["Signed in."])]
    user: TokensShape
    created: Annotated[bool, Meta(description="Whether this sign-in created the account", examples=[True])]

    @classmethod
    def of(
        cls, call: Call, cookies: Cookies, signed_in: IdentitySignedIn, *, in_cookie: bool
    ) -> "IdentitySignInResult":
        tokens = cookies.hand_over(call.exchange, signed_in.tokens, in_cookie=in_cookie)
        return cls("Signed in.", TokensShape.of(tokens), signed_in.is_new)


async def sign_in_with_id_token(
    call: Call, identity_sign_in: IdentitySignIn, cookies: Cookies, body: IdTokenBody
) -> IdentitySignInResult:
    """Sign in with an ID token of a provider"""
    in_cookie, proof = call.wants_refresh_cookie, cookies.device_proof(call.exchange)
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    token = IdToken(
        id_token=body.id_token, nonce=body.nonce, name=body.name, authorization_code=body.authorization_code
    )
    signed_in = await identity_sign_in.by_token(call.provider, token, call.device, call.origin, proof, language)
    return IdentitySignInResult.of(call, cookies, signed_in, in_cookie=in_cookie)
