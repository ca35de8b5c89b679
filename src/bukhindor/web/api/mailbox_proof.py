"""The part of a body that proves a mailbox: the token of a link, or an address and a typed code."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import FieldError
from bukhindor.domain.one_time_token import Proof, TypedCode
from bukhindor.web.api.shapes import EmailField
from bukhindor.web.endpoint.condition import GIVEN, Breach, Condition
from bukhindor.web.endpoint.mailbox_proof import parse_code, parse_link


class ProofBody(msgspec.Struct, frozen=True, kw_only=True):
    token: (
        Annotated[str, Meta(examples=["pYQ2mR…"], description="From the link of the mail; or give email and code")]
        | None
    ) = None
    email: EmailField | None = None
    code: Annotated[str, Meta(examples=["1234 5678"], description="From the mail; blanks don't matter")] | None = None

    # The token alone names its owner: an address beside it is a mistake or an attack.
    condition: ClassVar = Condition(
        when={"token": GIVEN},
        without=("email", "code"),
        otherwise=("email", "code"),
        faults={
            Breach.EXCESS: FieldError("token", "Give a token, or email and code, not both.", "contradiction"),
            Breach.LACK: FieldError("token", "Give a token, or email and code.", "required"),
        },
    )

    def __post_init__(self) -> None:
        self.condition.check(self)

    def proof(self) -> Proof:
        """Raises InvalidInput unless there is the token of a link, or a code of eight digits."""
        if self.token is not None:
            return parse_link(self.token)
        # The condition leaves nothing else.
        assert self.email is not None  # noqa: S101
        assert self.code is not None  # noqa: S101
        return TypedCode(self.email, parse_code(self.code))
