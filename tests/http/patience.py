"""How long services of these tests wait for their servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from bukhindor.adapters.redis import rate_limiter, shared_counts
from bukhindor.adapters.sql.postgres import transactions
from bukhindor.adapters.sql.postgres.pool import Patience
from bukhindor.bootstrap import limits

_SECONDS = 20.0


@contextmanager
def patient_services() -> Iterator[None]:
    """Services that start meanwhile wait ten times as long for PostgreSQL and Redis as others do.

    After how long a server counts as away is the business of other tests. Here a machine that stands still for a
    moment would look like an outage: a refusal instead of a response, or a limit that is counted in two places.
    """
    # An idle transaction ends as early as ever: a statement of the test's own may wait for it, and the service with it.
    patience = partial(Patience, obtain=_SECONDS, answer=_SECONDS + 2, statement=_SECONDS + 1, lock=_SECONDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "Patience", patience)
        patch.setattr(transactions, "_CHECK_SECONDS", _SECONDS)
        patch.setattr(limits, "_REDIS_BUDGET", _SECONDS)
        patch.setattr(rate_limiter, "_START_SECONDS", _SECONDS)
        patch.setattr(shared_counts, "_ANSWER_SECONDS", _SECONDS)
        yield
