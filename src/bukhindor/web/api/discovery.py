"""GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.sign_in_method import Level
from bukhindor.web.addresses import API, INTROSPECTION, JWKS
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call

_CLAIMS = (
    "iss", "sub", "aud", "client_id", "sid", "gen", "role", "auth_time", "amr", "acr", "iat", "exp", "jti",
)  # fmt: skip


class ServerMetadata(msgspec.Struct, frozen=True):
    """What another service needs to verify access tokens of this one (RFC 8414, OpenID Connect Discovery 1.0).

    This server has no authorization endpoint: people sign in at its own API.
    """

    issuer: Annotated[str, Meta(description="The value of `iss` in every token")]
    jwks_uri: Annotated[str, Meta(description="Where the public keys are")]
    introspection_endpoint: Annotated[str, Meta(description="Where services with a key ask about a token (RFC 7662)")]
    introspection_endpoint_auth_methods_supported: Annotated[
        list[str], Meta(description="A service key as bearer token, or by HTTP Basic with its name as the client's id")
    ]
    response_types_supported: Annotated[list[str], Meta(description="Empty: there is no authorization endpoint")]
    grant_types_supported: Annotated[list[str], Meta(description="Empty: there is no token endpoint")]
    subject_types_supported: Annotated[list[str], Meta(description="`public`: `sub` is the same for every service")]
    id_token_signing_alg_values_supported: Annotated[list[str], Meta(description="How access tokens are signed")]
    acr_values_supported: Annotated[list[str], Meta(description="Values of `acr`: with one factor, and with two")]
    claims_supported: Annotated[list[str], Meta(description="Claims of access tokens, with those of `TOKEN_CLAIMS`")]


async def openid_configuration(call: Call, settings: WebSettings) -> ServerMetadata:
    """Return what OpenID Connect clients need to verify access tokens

    OpenID Connect Discovery 1.0. A client that knows the issuer finds everything else here.
    """
    return _metadata(settings)


async def oauth_authorization_server(call: Call, settings: WebSettings) -> ServerMetadata:
    """Return what OAuth 2.0 resource servers need to verify access tokens

    RFC 8414. The same content as `/.well-known/openid-configuration`.
    """
    return _metadata(settings)


def _metadata(settings: WebSettings) -> ServerMetadata:
    issuer = settings.public_url
    return ServerMetadata(
        issuer=issuer,
        jwks_uri=issuer + JWKS,
        introspection_endpoint=issuer + API + INTROSPECTION,
        introspection_endpoint_auth_methods_supported=["client_secret_basic", "Bearer"],
        response_types_supported=[],
        grant_types_supported=[],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["ES256"],
        acr_values_supported=list(Level),
        claims_supported=[*_CLAIMS, *settings.custom_claims],
    )
