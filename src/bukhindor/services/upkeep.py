"""What must happen now and then without anybody asking."""

from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Clock, Transactions


class Upkeep:
    def __init__(self, transactions: Transactions, policy: SessionPolicy, clock: Clock) -> None:
        self._transactions = transactions
        self._policy = policy
        self._clock = clock

    async def end_sessions_that_are_over(self) -> int:
        """Remove sessions whose life is over; how many there were."""
        async with self._transactions.begin() as tx:
            ended = await tx.sessions.remove_over(self._clock.now(), self._policy)
            await tx.commit()
        return ended
