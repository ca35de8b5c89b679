"""POST /auth/refresh"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.web.api.shapes import TokensShape
from bukhindor.web.endpoint.call import Call


class RefreshBody(msgspec.Struct, frozen=True):
    refresh_token: Annotated[str, Meta(examples=["bkr_…"])]


class Refreshed(msgspec.Struct, frozen=True):
    """The same tokens twice: some clients read `user`, others `tokens`."""

    message: Annotated[str, Meta(examples=["Tokens renewed."])]
    user: TokensShape
    tokens: TokensShape


async def refresh(call: Call, token_refresh: TokenRefresh, body: RefreshBody) -> Refreshed:
    """Exchange a refresh token for new tokens"""
    tokens = await token_refresh.refresh(body.refresh_token.strip(), call.origin, call.app_version)
    call.set_token_cookies(tokens)
    shape = TokensShape.of(tokens)
    return Refreshed("Tokens renewed.", shape, shape)
