"""What administrators read of a database that fails: a line for the beginning and one for the end of each outage."""

import logging
import time
from collections.abc import Callable

from bukhindor.adapters.sql.postgres.errors import meaning_of
from bukhindor.domain.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_REMINDERS = 60.0


class Outages:
    """`on_error` gets a name for each error: timeout, conflict, lock, connection, read_only, refused."""

    def __init__(
        self, on_error: Callable[[str], None] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_error = on_error
        self._clock = clock
        self._is_away = False
        self._reminded_at = float("-inf")

    def failed(self, error: BaseException, refusal: StoreUnavailable, *, is_served: bool) -> None:
        """Log one line for the beginning of an outage, not one for each request that meets it.

        `is_served` means that requests still get a connection after a wait: that is no outage.
        """
        meaning = meaning_of(error)
        if self._on_error is not None:
            self._on_error(meaning.kind)
        if meaning.is_lasting:
            self._remind(refusal)
        elif not (self._is_away or meaning.is_passing or is_served):
            self._is_away = True
            _log.error("the database does not answer as it should: %s", refusal.explanation)

    def answered(self) -> None:
        if self._is_away:
            self._is_away = False
            _log.warning("the database answers again")

    def _remind(self, refusal: StoreUnavailable) -> None:
        # Other requests succeed meanwhile, so there is no end to log.
        now = self._clock()
        if now - self._reminded_at >= _SECONDS_BETWEEN_REMINDERS:
            self._reminded_at = now
            _log.error("some requests fail: %s", refusal.explanation)
