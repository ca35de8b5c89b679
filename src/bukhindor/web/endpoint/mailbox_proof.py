"""The part of a body that proves a mailbox: the token of a link, or an address and a typed code."""

import re
from typing import Annotated

from msgspec import Meta

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import FieldError, InvalidInput
from bukhindor.domain.folding import typed_digits, without_blanks
from bukhindor.domain.one_time_token import LinkToken, Proof, TypedCode

_MAX_TOKEN = 200
_CODE = re.compile(r"[0-9]{8}")

TokenField = Annotated[str, Meta(examples=["pYQ2mR…"], description="From the link of the mail; or give email and code")]
CodeField = Annotated[str, Meta(examples=["1234 5678"], description="From the mail; blanks don't matter")]


def parse_link(token: str) -> LinkToken:
    """Blanks in the token are what copying leaves. Raises InvalidInput for what no link of ours carries."""
    token = without_blanks(token[: 2 * _MAX_TOKEN])
    if not 0 < len(token) <= _MAX_TOKEN or not token.isascii():
        raise InvalidInput(FieldError("token", "This is not a token from one of our mails.", "invalid_token"))
    return LinkToken(token)


def parse_proof(token: str | None, email: EmailAddress | None, code: str | None) -> Proof:
    """Raises InvalidInput unless there is a token, or an address and a code of eight digits."""
    if token is not None:
        if email is not None or code is not None:
            # The token alone names its owner: an address beside it is a mistake or an attack.
            raise InvalidInput(FieldError("token", "Give a token, or email and code, not both.", "contradiction"))
        return parse_link(token)
    if email is None or code is None:
        raise InvalidInput(FieldError("token", "Give a token, or email and code.", "required"))
    digits = typed_digits(code[:_MAX_TOKEN])
    if not _CODE.fullmatch(digits):
        raise InvalidInput(FieldError("code", "The code has eight digits.", "invalid_code"))
    return TypedCode(email, digits)
