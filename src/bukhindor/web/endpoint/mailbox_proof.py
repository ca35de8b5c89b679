"""What proves a mailbox: the token of a link, or a typed code."""

import re

from bukhindor.domain.errors import FieldError, InvalidInput
from bukhindor.domain.folding import typed_digits, without_blanks
from bukhindor.domain.one_time_token import LinkToken

_MAX_TOKEN = 200
_CODE = re.compile(r"[0-9]{8}")


def parse_link(token: str) -> LinkToken:
    """Blanks in the token are what copying leaves. Raises InvalidInput for what no link of ours carries."""
    token = without_blanks(token[: 2 * _MAX_TOKEN])
    if not 0 < len(token) <= _MAX_TOKEN or not token.isascii():
        raise InvalidInput(FieldError("token", "This is not a token from one of our mails.", "invalid_token"))
    return LinkToken(token)


def parse_code(typed: str) -> str:
    """Return the eight digits of a typed code. Raises InvalidInput for anything else."""
    digits = typed_digits(typed[:_MAX_TOKEN])
    if not _CODE.fullmatch(digits):
        raise InvalidInput(FieldError("code", "The code has eight digits.", "invalid_code"))
    return digits
