"""Log lines of work that a request has caused"""

from structlog.contextvars import get_contextvars

from bukhindor.adapters.system.log_context import LoggedCauses
from bukhindor.domain.origin import NO_REQUEST, Cause

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_lines_name_the_request_and_its_trace_until_the_work_is_done() -> None:
    with LoggedCauses().caused_by(Cause("request-1", f"00-{TRACE_ID}-00f067aa0ba902b7-01")):
        assert get_contextvars() == {"request_id": "request-1", "trace_id": TRACE_ID}
    assert get_contextvars() == {}


def test_lines_of_work_without_a_request_name_none() -> None:
    with LoggedCauses().caused_by(NO_REQUEST):
        assert get_contextvars() == {}
