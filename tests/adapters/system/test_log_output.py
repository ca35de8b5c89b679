"""Where log lines go, what they look like, and that logging never gets in the way."""

import io
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.system.log_output import LineWriter, configure_logging

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class FullDisk(io.BytesIO):
    def write(self, data: Any, /) -> int:
        raise OSError(28, "No space left on device")


class SlowPipe(io.BytesIO):
    """Takes three bytes at a time, as a raw stream may."""

    def write(self, data: Any, /) -> int:
        return super().write(bytes(data)[:3])


def logged(
    log: Callable[[Any], object], *, level: str = "debug", format: str = "json", name: str | None = None
) -> list[str]:
    """The lines that `log` wrote through a new logger."""
    stream = io.BytesIO()
    configure_logging(level, format, stream)
    log(structlog.get_logger() if name is None else structlog.get_logger(name))
    return stream.getvalue().decode().split("\n")[:-1]


def logged_event(log: Callable[[Any], object], *, name: str | None = None) -> dict[str, Any]:
    (line,) = logged(log, name=name)
    event: dict[str, Any] = json.loads(line)
    return event


def test_an_event_is_one_json_object_with_time_level_and_fields() -> None:
    event = logged_event(lambda log: log.info("request", method="GET", status=200), name="bukhindor.access")
    assert TIMESTAMP.fullmatch(event.pop("timestamp"))
    assert event == {
        "level": "info",
        "event": "request",
        "method": "GET",
        "status": 200,
        "logger": "bukhindor.access",
    }


def test_what_is_below_the_level_is_not_written() -> None:
    def log(logger: Any) -> None:
        logger.debug("one")
        logger.info("two")
        logger.warning("three")
        logging.getLogger("bukhindor.web").info("four")
        logging.getLogger("bukhindor.web").error("five")

    lines = logged(log, level="warning")
    assert [json.loads(line)["event"] for line in lines] == ["three", "five"]


def test_records_of_libraries_leave_in_the_same_form() -> None:
    def log(_: Any) -> None:
        structlog.contextvars.bind_contextvars(request_id="r-1")
        logging.getLogger("uvicorn.error").info("Started %s", "server\n")
        logging.getLogger("bukhindor.services").debug("ours, in detail")
        logging.getLogger("asyncio").debug("of no interest")
        logging.getLogger("sqlalchemy.engine").info("INSERT … VALUES ('secret')")
        logging.getLogger("uvicorn.access").info("GET /?token=abc")

    first, second = map(json.loads, logged(log))
    assert (first["event"], first["level"], first["logger"]) == ("Started server", "info", "uvicorn.error")
    assert first["request_id"] == "r-1"
    assert (second["event"], second["level"]) == ("ours, in detail", "debug")


def test_a_record_whose_arguments_do_not_fit_is_written_all_the_same() -> None:
    event = logged_event(lambda _: logging.getLogger("library").info("%d", "one"))
    assert event["event"] == "%d"


@pytest.mark.parametrize("format", ["json", "console"])
def test_input_cannot_forge_a_line_or_move_the_cursor(format: str) -> None:
    """LOG-03"""
    hostile = 'x\n{"level":"info","event":"forged"}\r\x1b[2J\x1b]0;title\x07\x7f\x9b31m\u2028\u202e'

    def log(logger: Any) -> None:
        logger.info(f"event {hostile}", user_agent=hostile, **{f"key {hostile}": [hostile]})
        logging.getLogger("library").warning("path %s", hostile)

    lines = logged(log, format=format)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    if format == "json":
        event = json.loads(lines[0])
        assert event["user_agent"] == hostile
        assert event["event"] == f"event {hostile}"


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text()))
def test_any_text_is_one_line(event: str, fields: dict[str, str]) -> None:
    """LOG-03"""
    names = {f"x_{name}": value for name, value in fields.items()}
    (line,) = logged(lambda log: log.info(event, **names))
    assert set(json.loads(line)) >= {"timestamp", "level", "event"}
    (line,) = logged(lambda log: log.info(event, **names), format="console")
    assert line.isprintable()


def test_values_of_every_kind_are_written() -> None:
    class Silent:
        def __str__(self) -> str:
            raise RuntimeError("no")

    deep: dict[str, Any] = {}
    deep["deep"] = deep
    event = logged_event(
        lambda log: log.info(
            "kinds",
            n=None,
            f=1.5,
            b=True,
            big=2**80,
            raw=b"1234",
            lone="\ud800",
            silent=Silent(),
            deep=deep,
            many={1},
        )
    )
    assert event["lone"] == "\\ud800"
    assert event["raw"] == "(4 bytes)"
    assert event["silent"] == "(a Silent)"
    assert "deep" in event


def test_a_long_text_is_cut() -> None:
    event = logged_event(lambda log: log.info("long", text="x" * 100_000))
    assert len(event["text"]) < 5_000
    assert event["text"].endswith("(100000 characters)")


def fail() -> None:
    try:
        raise KeyError("inner of ann@example.com")
    except KeyError as error:
        raise ValueError("outer\nwith password=hunter22") from error


def by_exception(logger: Any) -> None:
    try:
        fail()
    except ValueError:
        logger.exception("failed", attempt=2)


def by_exc_info(logger: Any) -> None:
    try:
        fail()
    except ValueError:
        logger.error("failed", exc_info=True)


def by_a_library(_: Any) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("failed")


def without_an_exception(logger: Any) -> None:
    logger.error("fine", exc_info=True)  # noqa: LOG014 - That there is none is the point.
    logger.error("fine", exc_info=None)


@pytest.mark.parametrize("log", [by_exception, by_exc_info, by_a_library])
def test_an_exception_is_an_object_on_the_same_line_without_secrets(log: Callable[[Any], object]) -> None:
    """LOG-01, LOG-03"""
    event = logged_event(log)
    error = event["exception"]
    assert (event["level"], error["type"]) == ("error", "ValueError")
    assert error["message"] == "outer\nwith password=***"
    assert any(call.endswith(" fail") for call in error["calls"])
    assert error["cause"]["message"] == "'inner of a***@example.com'"


def test_an_exception_can_be_handed_over_and_groups_show_their_parts() -> None:
    group = ExceptionGroup("several", [ValueError("one"), TypeError("two")])
    event = logged_event(lambda log: log.error("failed", exc_info=group))
    assert [part["type"] for part in event["exception"]["parts"]] == ["ValueError", "TypeError"]
    assert all("exception" not in json.loads(line) for line in logged(without_an_exception))


def test_a_person_sees_the_exception_below_its_event_indented() -> None:
    first, *rest = logged(by_exception, format="console")
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} error    failed +attempt=2", first)
    assert all(line.startswith("    ") for line in rest)
    assert any("ValueError: outer" in line for line in rest)
    assert not any("hunter22" in line for line in rest)


def test_a_console_line_quotes_what_has_blanks() -> None:
    (line,) = logged(lambda log: log.info("signed in", name='Ann "A" B', n=None, ids=[1]), format="console")
    assert line.endswith(r'name="Ann \"A\" B" n=null ids=[1]')
    assert "\x1b" not in line


def test_only_a_terminal_gets_colours() -> None:
    stream = Terminal()
    configure_logging("info", "console", stream)
    structlog.get_logger().info("hello", text="\x1b[31m")
    assert stream.getvalue().count(b"\x1b") == 4
    stream = Terminal()
    configure_logging("info", "json", stream)
    structlog.get_logger().info("hello")
    assert b"\x1b" not in stream.getvalue()


@pytest.mark.parametrize("stream", [FullDisk(), io.BytesIO()])
def test_a_line_that_cannot_be_written_is_lost_and_nothing_else_happens(stream: io.BytesIO) -> None:
    configure_logging("info", "json", stream)
    stream.close()
    structlog.get_logger().info("hello")
    logging.getLogger("library").error("hello")


def test_a_line_that_cannot_be_rendered_says_so() -> None:
    class Broken(dict[str, object]):
        def items(self) -> Any:
            raise RuntimeError("no")

    event = logged_event(lambda log: log.info("request", headers=Broken()))
    assert (event["event"], event["reason"]) == ("log_line_lost", "RuntimeError")


def test_a_stream_that_takes_little_at_a_time_gets_the_whole_line() -> None:
    pipe = SlowPipe()
    LineWriter(pipe, lambda lost: b"").write(b"0123456789")
    assert pipe.getvalue() == b"0123456789\n"


def test_standard_output_is_the_default(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure_logging("info", "json")
    structlog.get_logger().info("hello")
    assert json.loads(capfdbinary.readouterr().out)["event"] == "hello"


def test_a_standard_output_without_a_descriptor_will_do(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    configure_logging("info", "json")
    structlog.get_logger().info("hello")
    assert json.loads(capsysbinary.readouterr().out)["event"] == "hello"
