"""What administrators read of a database that fails"""

import asyncpg
import pytest

from bukhindor.adapters.sql.postgres.outages import Outages
from bukhindor.domain.errors import StoreUnavailable

SHARED = asyncpg.InvalidSQLStatementNameError("prepared statement does not exist")
GONE = ConnectionResetError()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def refusal(explanation: str) -> StoreUnavailable:
    unavailable = StoreUnavailable()
    unavailable.explanation = explanation
    return unavailable


def test_an_outage_is_one_line_at_its_beginning_and_one_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    outages.answered()
    for _ in range(3):
        outages.failed(GONE, refusal("Gone."), is_served=False)
    for _ in range(3):
        outages.answered()
    assert lines(caplog) == ["the database does not answer as it should: Gone.", "the database answers again"]


def test_what_a_pooler_breaks_is_said_once_a_minute_and_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    """Requests fail and succeed in turn: each of them would begin an outage, and end it."""
    now = 0.0
    kinds = list[str]()
    outages = Outages(kinds.append, lambda: now)
    for now in (0.0, 1.0, 59.9, 60.0, 61.0):
        outages.failed(SHARED, refusal(f"At {now:.0f}."), is_served=False)
        outages.answered()
    assert lines(caplog) == ["some requests fail: At 0.", "some requests fail: At 60."]
    assert kinds == ["connection"] * 5
