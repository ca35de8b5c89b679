"""How many mails a client may cause."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bukhindor.domain.errors import BukhindorError
from bukhindor.domain.rate_limit import MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR
from bukhindor.ports.system import RateLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAllowance:
    """Shared by the flows that begin with a mail: one a minute and five an hour for each key."""

    limiter: RateLimiter

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Count a mail. A mail that could not be queued is given back, so that the next request sends it.

        Raises RateLimited; such a refusal does not count.
        """
        await self.limiter.take(MAILS_PER_MAILBOX, key)
        try:
            await self.limiter.take(MAILS_PER_MAILBOX_AND_HOUR, key)
        except BukhindorError:
            await self.limiter.give_back(MAILS_PER_MAILBOX, key)
            raise
        try:
            yield
        except BaseException:
            await self.limiter.give_back(MAILS_PER_MAILBOX_AND_HOUR, key)
            await self.limiter.give_back(MAILS_PER_MAILBOX, key)
            raise
