"""Where values come from: the process environment first, then the `.env` file of a developer, then the default."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from dotenv.parser import Original, parse_stream

from bukhindor.config.errors import ConfigurationError

_T = TypeVar("_T")


class Origin(StrEnum):
    DEFAULT = "default"
    ENVIRONMENT = "environment"
    ENV_FILE = ".env"


class Sources:
    """Reads variables, remembers where each came from and collects what was wrong with them.

    A variable that is set but empty counts as not set at all, so that a compose file may pass `X=${X:-}` on.
    """

    def __init__(self, environ: Mapping[str, str], env_file: Mapping[str, str]) -> None:
        self.environ = environ
        self.env_file = env_file
        self.origins: dict[str, Origin] = {}
        self.problems: list[str] = []

    def read(self, variable: str, reader: Callable[[str], _T], default: _T, example: str) -> _T:
        """The variable's value, or `default` when it is not set or not good."""
        for origin, values in ((Origin.ENVIRONMENT, self.environ), (Origin.ENV_FILE, self.env_file)):
            text = values.get(variable, "").strip()
            if text:
                self.origins[variable] = origin
                try:
                    return reader(text)
                except ValueError as error:
                    self.refuse(variable, str(error), example)
                    return default
        self.origins[variable] = Origin.DEFAULT
        return default

    def refuse(self, variable: str, reason: str, example: str) -> None:
        """Remember a problem: what is wrong, then a good value."""
        self.problems.append(f"{variable}: {reason}; for example {example}")

    def is_refused(self, variable: str) -> bool:
        """Whether a problem of this variable is known already."""
        return any(problem.startswith(f"{variable}:") for problem in self.problems)


def read_env_file(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file; none when there is no such file.

    Raises ConfigurationError for a file or a line that can't be read: a typing mistake is no reason for a default.
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
