"""What is known of the request that causes work."""

from bukhindor.domain.origin import NO_REQUEST, Cause


def test_a_cause_names_the_trace_that_its_request_is_part_of() -> None:
    """W3C Trace Context, section 3.2.2: version, trace id, parent id, flags."""
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert Cause("request-1", f"00-{trace_id}-00f067aa0ba902b7-01").trace_id == trace_id


def test_work_without_a_request_is_in_no_trace() -> None:
    assert NO_REQUEST.trace_id == ""
