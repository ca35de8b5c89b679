"""The one accepted spelling of a path."""

import re

# Letters, digits and the characters that no URL needs to encode (RFC 3986 section 2.3), between single slashes. A
# segment of one or two dots would lead elsewhere (section 5.2.4).
_SEGMENT = rb"/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+"
_PLAIN = re.compile(rb"/\Z|(?:%b)+(?=/?\Z)" % _SEGMENT)


def plain_path(raw_path: bytes) -> str:
    """Return the path as the request spells it, without one slash at its end; empty for a path that is not plain.

    The root stays a slash.

    No address of this service needs percent-encoding. So `/%61pi` is unknown here, although RFC 3986 section 6.2.2.2
    calls it equivalent to `/api`: a proxy in front may compare the bytes of the request, and would apply the rules of
    another resource. For the same reason the service merges no slashes, resolves no dots and cuts nothing off at a
    semicolon.
    """
    plain = _PLAIN.match(raw_path)
    return "" if plain is None else plain[0].decode("ascii")
