"""Responses that clients may keep: RFC 9110 section 13.1.2, RFC 9111."""

from datetime import timedelta
from hashlib import sha256

from starlette.responses import Response


def cacheable(response: Response, if_none_match: str, life: timedelta) -> Response:
    """The response with its lifetime and an ETag, or 304 when the client has this very content already."""
    etag = f'"{sha256(response.body).hexdigest()[:32]}"'
    response.headers["cache-control"] = f"public, max-age={round(life.total_seconds())}"
    response.headers["etag"] = etag
    # A comparison for a GET is weak: a proxy that compresses marks our tag with W/.
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if etag not in known and "*" not in known:
        return response
    kept = {name: response.headers[name] for name in ("cache-control", "etag")}
    return Response(status_code=304, headers=kept)
