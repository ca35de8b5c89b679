"""The metadata and the keys of one provider: fetched when they are needed, and kept."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from bukhindor.adapters.oidc.key_set import KeySet, read_key_set
from bukhindor.adapters.oidc.metadata import Metadata, discovery_urls, read_metadata
from bukhindor.adapters.oidc.outbound import Outbound, Unusable, get_json

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. What is older than `fresh` is fetched again while it is still used, what is older than `longest` is not
    used. Two attempts are `between` apart, or `after_failure` while there is nothing to use. A fetch of both documents
    takes at most `patience`.
    """

    fresh: float = 3600.0
    longest: float = 24 * 3600.0
    between: float = 60.0
    after_failure: float = 5.0
    patience: float = 4.0


@dataclass(frozen=True, slots=True)
class Known:
    """Both documents, which belong together, and when they came."""

    metadata: Metadata
    keys: KeySet
    fetched_at: float


async def look(outbound: Outbound, issuer: str) -> tuple[Metadata, KeySet]:
    """Both documents, as they are now. Raises Unusable: of an issuer with two hosts, for the first one."""
    failure: Unusable | None = None
    for url in discovery_urls(issuer):
        try:
            metadata = read_metadata(await get_json(outbound, url, issuer), issuer)
            keys = read_key_set(await get_json(outbound, metadata.jwks_uri, issuer), metadata.algorithms)
        except Unusable as unusable:
            failure = failure or unusable
        else:
            return metadata, keys
    raise failure or Unusable("there is nowhere to look")


class Discovery:
    """One fetch is under way at a time, and everyone who waits gets its outcome. An attempt that fails leaves what is
    known as it was. `timer` gives seconds that never go back.
    """

    def __init__(
        self,
        name: str,
        issuer: str,
        outbound: Outbound,
        pace: Pace | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._issuer = name, issuer
        self._outbound = outbound
        self._pace = pace or Pace()
        self._timer = timer
        self._known: Known | None = None
        self._tried_at = float("-inf")
        self._failure = ""
        self._under_way: asyncio.Task[None] | None = None

    async def known(self) -> Known:
        """What is known of the provider, without waiting if that is usable. Raises Unusable."""
        now = self._timer()
        if self._known is not None and now - self._known.fetched_at <= self._pace.longest:
            if now - self._known.fetched_at > self._pace.fresh and now - self._tried_at >= self._pace.between:
                self._under_way = self._fetching()
            return self._known
        if self._failure and now - self._tried_at < self._pace.after_failure:
            raise Unusable(self._failure)
        return await self._fetched()

    async def newer_than(self, known: Known) -> Known:
        """What is known after another look, because `known` lacks a key; the same if the last look was less than a
        minute ago. Raises Unusable when the look fails: whether the key exists is not known then.
        """
        if self._known is not None and self._known is not known:
            return self._known
        if self._under_way is None and self._timer() - self._tried_at < self._pace.between:
            if self._failure:
                raise Unusable(self._failure)
            return known
        return await self._fetched()

    async def _fetched(self) -> Known:
        self._under_way = self._fetching()
        # A caller that gives up leaves the fetch to the others.
        await asyncio.shield(self._under_way)
        if self._failure or self._known is None:
            raise Unusable(self._failure)
        return self._known

    def _fetching(self) -> asyncio.Task[None]:
        """The fetch that is under way; it begins if there is none."""
        if self._under_way is not None:
            return self._under_way
        self._tried_at = self._timer()
        fetching = asyncio.get_running_loop().create_task(self._fetch())
        fetching.add_done_callback(self._end)
        return fetching

    def _end(self, _: object) -> None:
        self._under_way = None

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._pace.patience):
                metadata, keys = await look(self._outbound, self._issuer)
        except TimeoutError:
            self._failed(f"no complete response in {self._pace.patience:g} seconds")
        except Unusable as failure:
            self._failed(str(failure))
        else:
            self._known, self._failure = Known(metadata, keys, self._timer()), ""

    def _failed(self, failure: str) -> None:
        self._failure = failure
        _log.warning("identity provider %s is unavailable: %s", self._name, failure)
