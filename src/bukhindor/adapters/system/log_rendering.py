"""How one event becomes one line: JSON for machines, aligned text for people."""

import re
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime

import msgspec

from bukhindor.adapters.system.log_redaction import redacted, redacted_text

Event = Mapping[str, object]

_LEVELS = {"exception": "error", "warn": "warning", "fatal": "critical", "err": "error"}
_MAX_FRAMES = 30
_MAX_CAUSES = 5
_MAX_PARTS = 10
_EVENT_WIDTH = 30

# JSON leaves these as they are, yet terminals obey some of them and viewers break lines at others.
_STILL_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_DIM, _GREEN, _YELLOW, _RED, _NORMAL = "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
_COLOURS = {"debug": _DIM, "info": _GREEN, "warning": _YELLOW, "error": _RED, "critical": _RED}
_SIMPLE_VALUE = re.compile(r"[^\s\"'=]+")

_encode = msgspec.json.Encoder().encode


def json_line(level: str, event: Event, now: datetime) -> bytes:
    """`timestamp` (UTC, ISO 8601 with Z), `level`, `event`, then the fields; an exception becomes an object."""
    fields = dict(event)
    error = _exception_of(fields)
    message = redacted_text(str(fields.pop("event", "")))
    line: dict[str, object] = {"timestamp": now, "level": _LEVELS.get(level, level), "event": message}
    line |= redacted(fields)
    if error is not None:
        line["exception"] = _described(error, _MAX_CAUSES)
    try:
        encoded = _encode(line)
    except (UnicodeEncodeError, OverflowError, ValueError):
        # Lone surrogates have no bytes in UTF-8, and the numbers of JSON have an end.
        encoded = _encode({_well_formed(name): _well_formed(str(value)) for name, value in line.items()})
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return _STILL_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded.decode()).encode()


def console_line(level: str, event: Event, now: datetime, *, colours: bool) -> bytes:
    """Local time, level and event, then `name=value`; an exception follows on indented lines of its own."""
    fields = dict(event)
    error = _exception_of(fields)
    message = _visible(redacted_text(str(fields.pop("event", ""))))
    level = _LEVELS.get(level, level)
    time = now.astimezone().strftime("%H:%M:%S.%f")[:-3]
    if colours:
        time, head = f"{_DIM}{time}{_NORMAL}", f"{_COLOURS.get(level, '')}{level:<8}{_NORMAL}"
    else:
        head = f"{level:<8}"
    shown = " ".join(f"{_visible(name)}={_shown(value)}" for name, value in redacted(fields).items())
    lines = [f"{time} {head} {message:<{_EVENT_WIDTH}} {shown}".rstrip()]
    if error is not None:
        report = "".join(traceback.format_exception(error, limit=-_MAX_FRAMES)).rstrip("\n")
        lines += [f"    {_visible(redacted_text(part))}" for part in report.split("\n")]
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def _exception_of(fields: dict[str, object]) -> BaseException | None:
    """Take the exception out of the fields, however it was handed over."""
    given = fields.pop("exc_info", None)
    match given:
        case BaseException():
            return given
        case (_, BaseException() as error, _):
            return error
        case _:
            return sys.exc_info()[1] if given else None


def _described(error: BaseException, causes: int) -> dict[str, object]:
    """Type, message, the calls that led there (the latest last) and what caused it; never local values."""
    kind = type(error)
    calls = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    described: dict[str, object] = {
        "type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        "message": redacted({"message": error})["message"],
        "calls": [f"{call.filename}:{call.lineno} {call.name}" for call in calls],
    }
    if causes and isinstance(error, BaseExceptionGroup):
        described["parts"] = [_described(part, causes - 1) for part in error.exceptions[:_MAX_PARTS]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if causes and cause is not None:
        described["cause"] = _described(cause, causes - 1)
    return described


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else _well_formed(_encode(value).decode())
    if isinstance(value, str) and not _SIMPLE_VALUE.fullmatch(text):
        text = '"' + text.replace('"', '\\"') + '"'
    return _visible(text)


def _visible(text: str) -> str:
    """The text with control characters and the like spelled out: nothing in it moves a cursor or ends a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
