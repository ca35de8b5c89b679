"""The background tasks of a running service."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bukhindor.domain.errors import Unavailable
from bukhindor.services.assembly import Services

_log = logging.getLogger(__name__)

_KEY_RELOAD_SECONDS = 5
PURGE_SECONDS = 600
_MAIL_SECONDS = 0.5
_WITHDRAWAL_SECONDS = 5
_END_AGAIN_SECONDS = 1.0
# Less than the server gives the application to close. Most mail servers answer in time, and no mail is sent twice.
_LAST_MAILS_SECONDS = 5.0

KEY_RELOAD, PURGE, MAIL_DELIVERY, MAILBOX_PURGE = "key reload", "purge", "mail delivery", "mailbox purge"
WITHDRAWALS = "withdrawals"

Work = Callable[[], Awaitable[Any]]


@asynccontextmanager
async def background_tasks(
    services: Services, *more: tuple[str, float, Work], on_failure: Callable[[str], None] = lambda name: None
) -> AsyncIterator[None]:
    """Run upkeep, mail delivery and the reload of signing keys for as long as this lasts; `more` are names, seconds and
    work that runs at once for the first time. `on_failure` gets the name of the task that has failed.
    """
    works = (
        (KEY_RELOAD, _KEY_RELOAD_SECONDS, services.signing_key_ring.load),
        (PURGE, PURGE_SECONDS, services.upkeep.purge),
        (WITHDRAWALS, _WITHDRAWAL_SECONDS, services.provider_withdrawals.withdraw_due),
        (MAIL_DELIVERY, _MAIL_SECONDS, services.mail_delivery.deliver_due),
    )
    running = [_repeat(name, seconds, work, on_failure) for name, seconds, work in works]
    running += [_repeat(name, seconds, work, on_failure, at_once=True) for name, seconds, work in more]
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield
    finally:
        await _end(tasks)
        await services.mail_delivery.finish(_LAST_MAILS_SECONDS)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """A cancellation is one exception, and a driver drops it if what it waits for happens at that very moment; its next
    wait, such as a mail server's first word, may take long. So the cancellation is repeated.
    """
    unfinished = set(tasks)
    while unfinished:
        for task in unfinished:
            task.cancel()
        _, unfinished = await asyncio.wait(unfinished, timeout=_END_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(
    name: str, seconds: float, work: Work, on_failure: Callable[[str], None], *, at_once: bool = False
) -> None:
    """Run `work` every `seconds`; a failure is logged, and the next turn still comes."""
    pause = 0.0 if at_once else seconds
    task = asyncio.current_task()
    # A cancellation that was dropped still counts.
    while task is None or not task.cancelling():
        await asyncio.sleep(pause)
        pause = seconds
        try:
            await work()
        except Unavailable as unavailable:
            # The store itself logs once that it is away; a line twice a second would bury everything else.
            _log.debug("%s put off: %s", name, unavailable.code)
            on_failure(name)
        except Exception:
            _log.exception("%s failed", name)
            on_failure(name)
