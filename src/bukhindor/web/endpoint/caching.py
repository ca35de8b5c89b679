"""Responses that clients may keep, and that travel compressed: RFC 9110 sections 8.4 and 13.1.2, RFC 9111."""

import gzip
import re
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

from starlette.responses import Response

# Less fits into one packet anyway.
_WORTH_COMPRESSING = 1400
_GZIP = re.compile(
    r"(?:^|,)[ \t]*(?:x-)?gzip[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]*)?|1(?:\.0*)?)[ \t]*)?(?=,|$)", re.IGNORECASE
)


def cacheable(response: Response, if_none_match: str, accept_encoding: str, life: timedelta) -> Response:
    """The response with its lifetime and an ETag, compressed if the client accepts that; or 304 when the client has
    this very content already.
    """
    body = bytes(response.body)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"cache-control": f"public, max-age={round(life.total_seconds())}", "etag": etag}
    if len(body) > _WORTH_COMPRESSING:
        headers["vary"] = "accept-encoding"
        if _accepts_gzip(accept_encoding):
            body = _compressed(body)
            headers |= {"etag": f"W/{etag}", "content-encoding": "gzip"}
    # A comparison for a GET is weak: a compressed form, ours or that of a proxy, has our tag with W/.
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if etag in known or "*" in known:
        headers.pop("content-encoding", None)
        return Response(status_code=304, headers=headers)
    return Response(body, response.status_code, headers, response.headers["content-type"])


def _accepts_gzip(accept_encoding: str) -> bool:
    found = _GZIP.search(accept_encoding)
    return found is not None and (found[1] is None or float(found[1]) > 0)


@lru_cache(maxsize=8)
def _compressed(body: bytes) -> bytes:
    # The same content has the same bytes: no time of compression in it.
    return gzip.compress(body, mtime=0)
