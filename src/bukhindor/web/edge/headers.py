"""The headers of a request as one dictionary (RFC 9110 section 5)."""

from collections.abc import Iterable

from bukhindor.web.edge.exchange import LINE_BREAK

_OPTIONAL_WHITE_SPACE = " \t"

# Neither is a list of HTTP. Several lines of cookies are joined as RFC 9113 section 8.2.3 says.
_SEPARATORS = {"cookie": "; ", "authorization": LINE_BREAK}


def read_headers(raw_headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the values by name; names come in lower case, as ASGI has them.

    White space around a value is no part of it. Lines of one name are one value, in their order and with a comma
    between them, or LINE_BREAK for Authorization: a proxy may add its hop as a line of its own. A line that repeats the
    value so far counts once.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(_OPTIONAL_WHITE_SPACE)
        if name not in headers:
            headers[name] = value
        elif headers[name] != value:
            headers[name] += _SEPARATORS.get(name, ", ") + value
    return headers
