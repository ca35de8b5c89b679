"""Where values come from: the process environment first, then a developer's `.env` file, then the default."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from dotenv.parser import Original, parse_stream

from bukhindor.config.durations import format_duration
from bukhindor.config.errors import ConfigurationError
from bukhindor.config.server_url import masked_url

_T = TypeVar("_T")


class Origin(StrEnum):
    DEFAULT = "default"
    ENVIRONMENT = "environment"
    ENV_FILE = ".env"


class Variable(NamedTuple):
    """An effective variable; `text` is for people, secrets masked."""

    name: str
    text: str
    origin: Origin


class Sources:
    """Reads variables, remembers the source of each and collects their problems.

    A variable that is set but empty counts as unset, so that a compose file may pass `X=${X:-}` on.
    """

    def __init__(self, environ: Mapping[str, str], env_file: Mapping[str, str]) -> None:
        self.environ = environ
        self.env_file = env_file
        self.variables: dict[str, Variable] = {}
        self.problems: list[str] = []

    def read(
        self,
        variable: str,
        reader: Callable[[str], _T],
        default: _T,
        example: str,
        shown: Callable[[_T], str] | None = None,
    ) -> _T:
        """The variable's value, or `default` when it is unset or invalid; `shown` writes it for people."""
        text, origin = self._given(variable)
        value = default
        if text:
            try:
                value = reader(text)
            except ValueError as error:
                self.refuse(variable, str(error), example)
        self.variables[variable] = Variable(variable, (shown or _shown)(value), origin)
        return value

    def read_url(
        self,
        variable: str,
        reader: Callable[[str], _T],
        default: _T,
        example: Callable[[str], str],
        shown: str = "none",
    ) -> _T:
        """A URL that may contain a password, masked for people, or `default`, which is shown as `shown`.

        `example` gets the text of a URL that can't be read, and returns a good one of its kind.
        """
        text, origin = self._given(variable)
        self.variables[variable] = Variable(variable, masked_url(text) if text else shown, origin)
        if not text:
            return default
        try:
            return reader(text)
        except ValueError as error:
            self.refuse(variable, str(error), example(text))
            return default

    def is_given(self, variable: str) -> bool:
        """Whether the variable, which was read before, is set."""
        return self.variables[variable].origin is not Origin.DEFAULT

    def _given(self, variable: str) -> tuple[str, Origin]:
        """Its text and its source; "" when it is not set."""
        for origin, values in ((Origin.ENVIRONMENT, self.environ), (Origin.ENV_FILE, self.env_file)):
            text = values.get(variable, "").strip()
            if text:
                return text, origin
        return "", Origin.DEFAULT

    def refuse(self, variable: str, reason: str, example: str) -> None:
        """Record a problem: what is wrong, then a valid value."""
        self.problems.append(f"{variable}: {reason}; for example {example}")

    def is_refused(self, variable: str) -> bool:
        """Whether a problem of this variable is already recorded."""
        return any(problem.startswith(f"{variable}:") for problem in self.problems)


def _shown(value: object) -> str:
    match value:
        case tuple(parts):
            return ",".join(map(str, parts)) or "none"
        case bool():
            return "true" if value else "false"
        case timedelta():
            return format_duration(value)
        case None:
            return "none"
        case _:
            return str(value)


def read_env_file(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file; none when the file does not exist.

    Raises ConfigurationError for a file or a line that can't be read: a typing mistake must not silently select a
    default.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            bindings = list(parse_stream(lines))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError([f"{path.name}: can't be read ({reason}); see .env.example"]) from None
    bad = [_line_number(binding.original) for binding in bindings if binding.error]
    if bad:
        raise ConfigurationError(
            [f"{path.name}: line {line} is not an assignment; for example SERVER_PORT=8080" for line in bad]
        )
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value is not None}


def _line_number(part: Original) -> int:
    """The line of a part of the file, whose text begins with the empty lines before it."""
    blank = len(part.string) - len(part.string.lstrip("\r\n"))
    return part.line + part.string.count("\n", 0, blank)
