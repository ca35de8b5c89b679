"""What this folder needs of an HTTP client, and the one way in which it reads JSON from others."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

_OK = 200
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Unusable(Exception):
    """A provider can't be used as it is; the text says why, in words for the operator."""


class NotFetched(Unusable):
    """There is no JSON at the address `url`."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url}{why}")
        self.url = url


class Answer(Protocol):
    """`media_type` is without parameters, in lower case."""

    @property
    def status(self) -> int: ...

    @property
    def media_type(self) -> str: ...

    @property
    def body(self) -> bytes: ...


class Outbound(Protocol):
    """Exchanges are bounded in time and size and follow no redirect. An exchange that fails raises OSError.

    A host that the operator names may be in a private network; any other must be public.
    """

    async def get(self, url: str, *, is_named_by_operator: bool) -> Answer: ...

    async def post(
        self, url: str, form: Mapping[str, str], *, is_named_by_operator: bool, authorization: str | None = None
    ) -> Answer: ...


async def get_json(outbound: Outbound, url: str, issuer: str) -> dict[str, Any]:
    """The JSON object at an address. Raises NotFetched."""
    try:
        answer = await outbound.get(url, is_named_by_operator=is_on_host_of(issuer, url))
    except OSError as error:
        raise NotFetched(url, f": {error}") from error
    if answer.status != _OK:
        raise NotFetched(url, f" answers with status {answer.status}")
    if answer.media_type not in ("application/json", "application/jwk-set+json"):
        raise NotFetched(url, " is not JSON")
    try:
        return decoded(answer.body, "")
    except Unusable as unusable:
        raise NotFetched(url, str(unusable)) from unusable


def decoded(body: bytes, source: str) -> dict[str, Any]:
    """Raises Unusable unless the body is a JSON object."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{source} is not JSON") from error
    if not isinstance(content, dict):
        raise Unusable(f"{source} is not a JSON object")
    return content


def is_on_host_of(issuer: str, url: str) -> bool:
    """Whether the host is the one that the operator named, with the issuer; every loopback host is the same one."""
    named, asked = urlsplit(issuer).hostname, urlsplit(url).hostname
    return named == asked or (named in _LOOPBACK and asked in _LOOPBACK)
