"""The mailbox of a development installation: mails stay here instead of being sent."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from bukhindor.domain.mail import Mail
from bukhindor.ports import Clock

_CAPACITY = 200


class DevelopmentMailbox:
    """Sends and shows mails: what the worker sends can be read here. Of more than 200 mails the oldest are dropped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mails: deque[tuple[Mail, datetime]] = deque(maxlen=_CAPACITY)

    async def send(self, mail: Mail) -> None:
        self._mails.appendleft((mail, self._clock.now()))

    def messages(self) -> Sequence[tuple[Mail, datetime]]:
        return tuple(self._mails)
