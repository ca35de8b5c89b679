"""What operators want to see of the store."""

from bukhindor.domain.mail import Backlog
from bukhindor.ports import Clock, Transactions


class Measurements:
    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def mail_backlog(self) -> Backlog:
        """What lies in the outbox. Cheap enough to ask for every few seconds."""
        async with self._transactions.scan() as stored:
            return await stored.outbox.backlog(self._clock.now())

    async def active_sessions(self) -> int:
        """How many sessions there are, those included that are over and not yet removed. A big store takes a while."""
        async with self._transactions.scan() as stored:
            return await stored.sessions.count()
