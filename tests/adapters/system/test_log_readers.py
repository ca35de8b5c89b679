"""What happens to log lines when their reader stops reading, or has left."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog

from bukhindor.adapters.system.log_output import LineWriter, configure_logging


def told(lost: int) -> bytes:
    return b"lost %d" % lost


@contextmanager
def stuck_reader() -> Iterator[tuple[LineWriter, Callable[[], list[str]]]]:
    """A writer to a pipe, and what reads the lines that are in it now, the last of which may be cut."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)

    def read() -> list[str]:
        content = b""
        with suppress(BlockingIOError):
            while part := os.read(ours, 1 << 16):
                content += part
        return content.decode().split("\n")

    with open(ours, "rb"), open(theirs, "wb", buffering=0) as stream:
        yield LineWriter(stream, told), read


def test_a_reader_that_stands_still_loses_lines_and_learns_how_many() -> None:
    """LOG-02: no request waits, no line is cut, and one that was under way is finished first."""
    lines = [f"{number} {'x' * 300}" for number in range(2000)]
    with stuck_reader() as (writer, read):
        for line in lines:
            writer.write(line.encode())
        *seen, cut = read()
        assert 100 < len(seen) < 2000
        assert seen == lines[: len(seen)]
        assert cut == ""
        writer.write(b"again")
        *rest, cut = read()
    assert rest == [lines[len(seen)], f"lost {2000 - len(seen) - 1}", "again"]
    assert cut == ""


def test_a_line_that_is_larger_than_the_pipe_is_finished_before_the_next_one() -> None:
    with stuck_reader() as (writer, read):
        writer.write(b"x" * 100_000)
        writer.write(b"lost")
        (half,) = read()
        assert set(half) == {"x"}
        writer.write(b"next")
        writer.write(b"last")
        assert (half + read()[0], read()) == ("x" * 100_000, [""])


def test_a_reader_that_has_left_costs_lines_and_nothing_else() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "wb", buffering=0) as stream:
        writer = LineWriter(stream, told)
        writer.write(b"hello")
        writer.write(b"hello")


def test_what_tells_of_lost_lines_is_an_event() -> None:
    ours, theirs = os.pipe()
    with open(ours, "rb") as reader:
        with open(theirs, "wb", buffering=0) as stream:
            configure_logging("info", "json", stream)
            for _ in range(2000):
                structlog.get_logger().info("hello")
            os.read(ours, 1 << 20)
            structlog.get_logger().info("again")
        *_, lost, again = [json.loads(line) for line in reader.read().splitlines()[1:]]
    assert (lost["event"], lost["level"], again["event"]) == ("log_lines_lost", "warning", "again")
    assert lost["lines"] > 100
