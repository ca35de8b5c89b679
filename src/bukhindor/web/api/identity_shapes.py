"""The shapes of ID tokens and linked accounts."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.identity import Identity
from bukhindor.web.api.shapes import Time, UserId

_VISIBLE = "^[\\x21-\\x7e]+$"

IdTokenField = Annotated[
    str, Meta(min_length=1, max_length=16_384, pattern=_VISIBLE, examples=["eyJhbGciOiJSUzI1NiJ9.e30.c2ln"])
]
NonceField = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=_VISIBLE,
        description="The nonce that the app chose; the token contains it, or its SHA-256",
        examples=["n-0S6_WzA2Mj"],
    ),
]
AuthorizationCodeField = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4096,
        pattern=_VISIBLE,
        description="Apple's, so that the service can withdraw its access when the account is deleted",
        examples=["c6a71ff3e8b74"],
    ),
]


class IdentityShape(msgspec.Struct, frozen=True):
    """A linked account. `email` is the address that the provider last gave, which need not be yours here. Mails to a
    private address are forwarded by Apple.
    """

    id: UserId
    provider: Annotated[str, Meta(examples=["google"])]
    subject: Annotated[str, Meta(description="The account's id at the provider", examples=["110169484474386276334"])]
    email: Annotated[str | None, Meta(examples=["anna@example.com"])]
    email_verified: bool
    is_private_email: bool
    created_at: Time
    last_used_at: Time | None

    @classmethod
    def of(cls, identity: Identity) -> "IdentityShape":
        return cls(
            identity.id,
            identity.provider,
            identity.subject,
            None if identity.email is None else identity.email.shown,
            identity.is_email_verified,
            identity.is_private_email,
            identity.created_at,
            identity.last_used_at,
        )
