"""Whether the service can do its work."""

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.ports.secrets import AccessTokens
from bukhindor.ports.store.transactions import Readiness
from bukhindor.ports.system import RateLimiter


class Health:
    def __init__(self, *, store: Readiness, access_tokens: AccessTokens, limiter: RateLimiter) -> None:
        self._store = store
        self._access_tokens = access_tokens
        self._limiter = limiter
        self._draining = False

    def drain(self) -> None:
        """Report "not ready" from now on: the process is about to stop."""
        self._draining = True

    async def problems(self) -> dict[str, str]:
        """The obstacles to the service's work, by part; empty when it is ready."""
        problems = {}
        if self._draining:
            problems["process"] = "shutting down"
        if not self._access_tokens.can_sign():
            problems["signing_keys"] = "none to sign with"
        try:
            if not await self._store.has_right_schema():
                problems["database"] = "its schema is not the one this version needs"
        except StoreUnavailable as unavailable:
            problems["database"] = unavailable.reason
        return problems

    def restrictions(self) -> dict[str, str]:
        """What the service does without for now, by part, while all of its work is correct."""
        if not self._limiter.is_degraded():
            return {}
        return {"rate_limits": f"counted by each process alone, and stricter: {self._limiter.problem()}"}
