"""Whether the service can do its work."""

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.ports import AccessTokens, Transactions


class Health:
    def __init__(self, transactions: Transactions, access_tokens: AccessTokens) -> None:
        self._transactions = transactions
        self._access_tokens = access_tokens
        self._draining = False

    def drain(self) -> None:
        """From now on not ready: the process is about to stop and wants no more work."""
        self._draining = True

    async def problems(self) -> dict[str, str]:
        """What keeps the service from its work, by part; empty when it is ready."""
        problems = {}
        if self._draining:
            problems["process"] = "shutting down"
        if not self._access_tokens.can_sign():
            problems["signing_keys"] = "none to sign with"
        try:
            await self._transactions.check()
        except StoreUnavailable:
            problems["database"] = "unreachable, or its schema is not the one this version needs"
        return problems
