"""POST /auth/identities/{provider}/token, POST /auth/identities/exchange"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.identity_web_flow import CodeVerifier
from bukhindor.services.identity_sign_in import IdentitySignedIn, IdentitySignIn, IdToken
from bukhindor.web.api.identity_shapes import AuthorizationCodeField, IdTokenField, NonceField
from bukhindor.web.api.shapes import GuestToken, NameField, TokensShape, UserId
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies

VerifierField = Annotated[
    CodeVerifier,
    Meta(
        extra_json_schema={"pattern": "^[A-Za-z0-9._~-]{43,128}$"},
        description="The secret whose challenge the app gave at the start (RFC 7636)",
        examples=["dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"],
    ),
]


class IdTokenBody(msgspec.Struct, frozen=True):
    """What the native sheet of the provider returned. Apple gives the name to the app, once."""

    id_token: IdTokenField
    nonce: NonceField
    name: NameField | None = None
    authorization_code: AuthorizationCodeField | None = None
    guest_token: GuestToken | None = None


class ExchangeBody(msgspec.Struct, frozen=True):
    code: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=8192,
            pattern="^[!-~]+$",
            examples=["q83vEjRWeJ…"],
            description="From `redirect_uri`",
        ),
    ]
    code_verifier: VerifierField
    guest_token: GuestToken | None = None


class IdentitySignInResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tokens are under `user`, where clients look for them. `merged_from` is the id that a merged guest had."""

    message: Annotated[str, Meta(examples=["Signed in."])]
    user: TokensShape
    created: Annotated[bool, Meta(description="Whether this sign-in created the account", examples=[True])]
    merged_from: UserId | UnsetType = UNSET

    @classmethod
    def of(
        cls, call: Call, cookies: Cookies, signed_in: IdentitySignedIn, *, in_cookie: bool
    ) -> "IdentitySignInResult":
        tokens = cookies.hand_over(call.exchange, signed_in.tokens, in_cookie=in_cookie)
        merged_from = UNSET if tokens.merged_from is None else tokens.merged_from
        return cls("Signed in.", TokensShape.of(tokens), signed_in.is_new, merged_from)


async def sign_in_with_id_token(
    call: Call, identity_sign_in: IdentitySignIn, cookies: Cookies, body: IdTokenBody
) -> IdentitySignInResult:
    """Sign in with an ID token of a provider"""
    in_cookie, proof = call.wants_refresh_cookie, cookies.device_proof(call.exchange)
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    token = IdToken(
        id_token=body.id_token, nonce=body.nonce, name=body.name, authorization_code=body.authorization_code
    )
    signed_in = await identity_sign_in.by_token(
        call.provider, token, call.device, call.origin, proof, language, body.guest_token
    )
    return IdentitySignInResult.of(call, cookies, signed_in, in_cookie=in_cookie)


async def exchange_identity_code(
    call: Call, identity_sign_in: IdentitySignIn, cookies: Cookies, body: ExchangeBody
) -> IdentitySignInResult:
    """Sign in with the code that the browser brought back"""
    in_cookie, proof = call.wants_refresh_cookie, cookies.device_proof(call.exchange)
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    signed_in = await identity_sign_in.by_code(
        body.code, body.code_verifier, call.device, call.origin, proof, language, body.guest_token
    )
    return IdentitySignInResult.of(call, cookies, signed_in, in_cookie=in_cookie)
