"""POST /auth/introspect"""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.user import Role
from bukhindor.services.introspection import ActiveToken, Introspection
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call

_Seconds = Annotated[int, Meta(description="Seconds since 1970", examples=[1772367300])]


class IntrospectionForm(msgspec.Struct, frozen=True):
    """The form of RFC 7662, or the same as JSON; other parameters are ignored."""

    token: Annotated[str, Meta(examples=["eyJ…"], description="An access token or a refresh token")]
    token_type_hint: Annotated[str, Meta(examples=["access_token"], description="Not needed")] = ""


class Introspected(msgspec.Struct, frozen=True):
    """Whether a token is good now (RFC 7662 section 2.2); all other members come with an active token only.

    `role` is the present one. `aud` is always a list, which typed clients read best. Refresh tokens have no
    `token_type`, `jti`, `iat`, `aud` and `client_id`.
    """

    active: bool
    sub: Annotated[UUID, Meta(description="Id of the user")] | UnsetType = UNSET
    sid: Annotated[UUID, Meta(description="Id of the session")] | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    iss: Annotated[str, Meta(examples=["http://localhost:8080"])] | UnsetType = UNSET
    exp: _Seconds | UnsetType = UNSET
    token_type: Literal["Bearer"] | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    iat: _Seconds | UnsetType = UNSET
    aud: list[str] | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    auth_time: Annotated[_Seconds, Meta(description="The last proof of the person's identity")] | UnsetType = UNSET
    amr: Annotated[list[str], Meta(description="How they did")] | UnsetType = UNSET
    acr: Annotated[str, Meta(description="aal2 with two factors, else aal1")] | UnsetType = UNSET


async def introspect_token(
    call: Call, introspection: Introspection, settings: WebSettings, body: IntrospectionForm
) -> Introspected:
    """Tell another service whether a token is good now (RFC 7662)"""
    found = await introspection.introspect(call.service, body.token.strip())
    return Introspected(active=False) if found is None else _active(found, settings)


def _active(token: ActiveToken, settings: WebSettings) -> Introspected:
    answer = Introspected(
        active=True,
        sub=token.user.id,
        sid=token.session.id,
        role=token.user.role,
        iss=settings.public_url,
        exp=int(token.expires_at.timestamp()),
        auth_time=int(token.session.authenticated_at.timestamp()),
        amr=[method.value for method in token.session.methods],
        acr=token.session.level.value,
    )
    if token.claims is None:
        return answer
    return msgspec.structs.replace(
        answer,
        token_type="Bearer",
        jti=token.claims.token_id,
        iat=int(token.claims.issued_at.timestamp()),
        aud=list(settings.token_audiences),
        client_id=settings.token_client_id,
    )
