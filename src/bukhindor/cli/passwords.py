"""Passwords on the command line: they come from standard input or are generated here, never from an argument that ps
shows.
"""

import secrets
import sys

from bukhindor.cli.refusal import Refusal
from bukhindor.domain.password import NewPassword

# Letters and digits that are not mistaken for one another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUP = 5
_GROUPS = 5
_LONGEST_LINE = 64 * 1024


def made_password(min_length: int) -> NewPassword:
    """A password of at least 123 random bits, in groups that are easy to read aloud: `k3v8p-…`."""
    groups = max(_GROUPS, -(-min_length // _GROUP))
    parts = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(groups))
    return NewPassword.parse("-".join(parts))


def password_from_stdin() -> NewPassword:
    """One line of standard input without its end; spaces belong to the password. Raises InvalidValue, Refusal."""
    line = sys.stdin.buffer.readline(_LONGEST_LINE)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal("password: Standard input is not UTF-8 text.") from None
    return NewPassword.parse(text.removesuffix("\n").removesuffix("\r"))
