"""No limits at all, for load tests."""

from bukhindor.domain.rate_limit import Limit


class Unlimited:
    async def take(self, limit: Limit, key: str) -> None:
        """Never refuse."""

    async def give_back(self, limit: Limit, key: str) -> None:
        """Do nothing: nothing was counted."""

    async def clear(self, limit: Limit, key: str) -> None:
        """Do nothing: nothing is remembered."""

    def is_degraded(self) -> bool:
        return False

    def problem(self) -> str:
        return ""
