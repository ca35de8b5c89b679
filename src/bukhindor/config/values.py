"""How one value is read. Each reader raises ValueError with a sentence that says what is wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from bukhindor.config.durations import format_duration, parse_duration, quoted
from bukhindor.config.origins import AllowedOrigins, parse_allowed_origins

MIN_SECRET_BYTES = 32

_T = TypeVar("_T")
_ChoiceT = TypeVar("_ChoiceT", bound=StrEnum)

YES = frozenset({"true", "1", "yes", "on"})
NO = frozenset({"false", "0", "no", "off"})
# macOS has the shortest limit of those in use.
_LONGEST_SOCKET_PATH = 103
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")
# Words of the secrets in tutorials and sample files; letters and digits only, lower case.
_PLACEHOLDERS = (
    "changeme changethis changein changebefore replaceme replacethis replacewith insertyour putyour "
    "yoursecret yoursuper yourjwt yourkey yourlong yourvery your256 yourrandom mysecret mysuper myjwt supersecret "
    "secretkey jwtsecret placeholder insecure stringsecret donotuse notsecure atleast32 somesecret topsecret"
).split()
_MIN_DIFFERENT_CHARACTERS = 8


def choice(kind: type[_ChoiceT], aliases: Mapping[str, _ChoiceT] | None = None) -> Callable[[str], _ChoiceT]:
    """One word of an enumeration, in any case of letters; `aliases` are other words whose meaning is plain."""

    def read(text: str) -> _ChoiceT:
        word = text.lower()
        if aliases and word in aliases:
            return aliases[word]
        try:
            return kind(word)
        except ValueError:
            raise ValueError(f"{quoted(text)} is not one of {', '.join(kind)}") from None

    return read


def whole_number(at_least: int, at_most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(f"{quoted(text)} is not a whole number")
        number = int(text)
        if not at_least <= number <= at_most:
            raise ValueError(f"{number} is not from {at_least} to {at_most}")
        return number

    return read


def duration(at_least: timedelta, at_most: timedelta) -> Callable[[str], timedelta]:
    def read(text: str) -> timedelta:
        value = parse_duration(text)
        if not at_least <= value <= at_most:
            shortest, longest = format_duration(at_least), format_duration(at_most)
            raise ValueError(f"{quoted(text)} is not from {shortest} to {longest}")
        return value

    return read


def duration_or_off(at_least: timedelta, at_most: timedelta) -> Callable[[str], timedelta | None]:
    """As `duration`, and None for off."""
    read = duration(at_least, at_most)
    return lambda text: None if text.lower() == "off" else read(text)


def shown_duration_or_off(value: timedelta | None) -> str:
    return "off" if value is None else format_duration(value)


def yes_or_no(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError(f"{quoted(text)} is not true or false")
    return text.lower() in YES


def on_or_off(text: str) -> bool:
    """As `yes_or_no`, where the documents say on and off."""
    if text.lower() not in YES | NO:
        raise ValueError(f"{quoted(text)} is not on or off")
    return text.lower() in YES


def shown_on_or_off(value: bool) -> str:
    return "on" if value else "off"


def host(text: str) -> str:
    """An IP address or a host name to listen on."""
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        looks_like_ip = text.replace(".", "").isdigit()
        if looks_like_ip or _HOST_NAME.fullmatch(text) is None:
            raise ValueError(f"{quoted(text)} is not an IP address or a host name") from None
    return text


def hosts(text: str) -> tuple[str, ...]:
    """Where to listen: IP addresses, host names and `unix:/path`, separated by commas."""
    return tuple(dict.fromkeys(_socket(part) if part.startswith("unix:") else host(part) for part in listed(text)))


def _socket(text: str) -> str:
    path = text.removeprefix("unix:")
    if not path.startswith("/") or not path.isprintable() or path.endswith("/"):
        raise ValueError(f"{quoted(text)} is not of the form unix:/path/of/a.sock")
    if len(path.encode()) > _LONGEST_SOCKET_PATH:
        raise ValueError(f"{quoted(text)} is longer than the {_LONGEST_SOCKET_PATH} bytes that systems allow")
    return text


def is_loopback(host: str) -> bool:
    """Whether the host is reachable from this machine only: localhost, 127.0.0.0/8, ::1, a Unix socket."""
    if host.startswith("unix:"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def optional(reader: Callable[[str], _T]) -> Callable[[str], _T | None]:
    """As `reader`, and None for an empty text."""
    return lambda text: reader(text) if text else None


def folder(text: str) -> Path:
    """A folder that exists or can be created; `~` is the home of the user who runs this."""
    path = Path(text).expanduser()
    if not text.isprintable():
        raise ValueError("the path can't hold control characters")
    if path.exists() and not path.is_dir():
        raise ValueError(f"{quoted(text)} is not a folder")
    return path


def existing_folder(text: str) -> Path:
    """A folder that is there; `~` is the home of the user who runs this."""
    path = Path(text).expanduser()
    if not text.isprintable() or not path.is_dir():
        raise ValueError(f"{quoted(text)} is not a folder")
    return path


def listed(text: str) -> list[str]:
    """The parts of a text between commas, trimmed, without empty ones at the end."""
    return [part.strip() for part in text.rstrip(", ").split(",")]


def allowed_origins(text: str) -> AllowedOrigins:
    if text.strip() == "*":
        raise ValueError('"*" would let every web page in; name each origin')
    return parse_allowed_origins(listed(text))


def header_names(text: str) -> tuple[str, ...]:
    """Names of HTTP headers (RFC 9110 section 5.1), in lower case."""
    names = tuple(part.lower() for part in listed(text))
    for name in names:
        if name == "*":
            raise ValueError('"*" is no name of a header; browsers never let it stand for Authorization')
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(f"{quoted(name)} is not the name of a header")
    return names


def secrets(text: str) -> tuple[bytes, ...]:
    """One or more secrets of at least 32 bytes. No message repeats any part of them (OWASP ASVS 11.2.3)."""
    values = [part.encode("utf-8", "surrogateescape") for part in listed(text)]
    for position, value in enumerate(values, start=1):
        which = "the value" if len(values) == 1 else f"value {position} of {len(values)}"
        if len(value) < MIN_SECRET_BYTES:
            raise ValueError(f"{which} has {len(value)} bytes, at least {MIN_SECRET_BYTES} are needed")
        letters = re.sub(rb"[^a-z0-9]", b"", value.lower()).decode()
        if any(word in letters for word in _PLACEHOLDERS):
            raise ValueError(f"{which} is a placeholder that everybody knows")
        # A text that repeats a shorter one is found inside its own doubling.
        if len(set(value)) < _MIN_DIFFERENT_CHARACTERS or value in (value + value)[1:-1]:
            raise ValueError(f"{which} repeats itself, so it can be guessed")
    return tuple(values)
