"""The header Origin: which site's page made a browser ask (RFC 6454 section 7, Fetch standard)."""

import re

# A scheme, a host and perhaps a port, and nothing behind them: browsers send no more.
_ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def host_of(origin: str) -> str | None:
    """Host and port of the site, as the header Host names them; None for `null` and for what is no origin."""
    match = _ORIGIN.fullmatch(origin)
    return None if match is None else match[1] + (match[2] or "")
