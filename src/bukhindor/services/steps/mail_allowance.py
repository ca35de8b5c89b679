"""How many mails one may cause."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bukhindor.domain.errors import BukhindorError
from bukhindor.domain.rate_limit import MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR
from bukhindor.ports import RateLimiter


class MailAllowance:
    """What the flows share that begin with a mail: one a minute and five an hour for each key."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Count a mail. One that could not be queued is given back, so that whoever asks again gets it.

        Raises RateLimited; such a refusal does not count.
        """
        await self._limiter.take(MAILS_PER_MAILBOX, key)
        try:
            await self._limiter.take(MAILS_PER_MAILBOX_AND_HOUR, key)
        except BukhindorError:
            await self._limiter.give_back(MAILS_PER_MAILBOX, key)
            raise
        try:
            yield
        except BaseException:
            await self._limiter.give_back(MAILS_PER_MAILBOX_AND_HOUR, key)
            await self._limiter.give_back(MAILS_PER_MAILBOX, key)
            raise
