"""How a command refuses: one clear line on standard error, and an exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol, Self, TypeVar

import click

from bukhindor.config import ConfigurationError
from bukhindor.domain.errors import BukhindorError, InvalidInput, InvalidValue, StoreUnavailable
from bukhindor.domain.password import Password

REFUSED = 1
MISCONFIGURED = 2
_LONGEST_SENTENCE = 1000


class Refusal(click.ClickException):
    """Ends the command with 1, after printing its lines on standard error."""

    exit_code = REFUSED

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class Misconfiguration(Refusal):
    """Ends the command with 2."""

    exit_code = MISCONFIGURED


@contextmanager
def refusals() -> Iterator[None]:
    """Turn every error into one that click shows as one line. With LOG_LEVEL=debug, unexpected ones stay unchanged."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        cause = _only_one(error)
        if isinstance(cause, BrokenPipeError):
            # The reader has seen enough, as in `bukhindor … | head`: click ends the program without a word.
            raise cause from None
        refusal = _refusal(cause)
        if refusal is None and os.environ.get("LOG_LEVEL", "").lower() == "debug":
            raise
        raise refusal or _surprise(cause) from error


class Commands(click.Group):
    """A group whose help shows the whole first sentence of each command."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(_LONGEST_SENTENCE)) for name, each in commands if each is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Program(Commands):
    """The outermost group: every exception of a command ends here."""

    def invoke(self, ctx: click.Context) -> Any:
        with refusals():
            return super().invoke(ctx)


def _only_one(error: Exception) -> Exception:
    """The single error inside the group that concurrent tasks and the web framework wrap it in."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _refusal(error: Exception) -> Refusal | None:
    """The refusal for people; None for an error that does not explain itself."""
    if isinstance(error, ConfigurationError):
        return Misconfiguration(*error.problems, *error.hints)
    if isinstance(error, InvalidInput):
        return Refusal(*(f"{problem.field}: {problem.message}" for problem in error.errors))
    if isinstance(error, InvalidValue):
        return Refusal(f"password: {error.message}" if issubclass(error.kind, Password) else error.message)
    if isinstance(error, StoreUnavailable):
        return Refusal(_one_line(error.explanation or str(error)))
    if isinstance(error, BukhindorError):
        return Refusal(str(error))
    # These take a while to load; only a failing command should wait for them.
    from bukhindor.adapters.prometheus.exposition import CannotExpose
    from bukhindor.adapters.sql.unusable import DatabaseUnusable
    from bukhindor.server.listener import CannotListen

    return Refusal(_one_line(str(error))) if isinstance(error, DatabaseUnusable | CannotListen | CannotExpose) else None


def _surprise(error: Exception) -> Refusal:
    if isinstance(error, OSError) and error.filename is not None:
        return Refusal(_one_line(f"{error.filename}: {error.strerror}"))
    return Refusal(_one_line(f"This went wrong: {error} ({type(error).__name__}); LOG_LEVEL=debug shows where."))


def _one_line(text: str) -> str:
    """The error's text on one line, without the secrets that it may quote."""
    from bukhindor.adapters.system.log_redaction import redacted_text

    return " ".join(redacted_text(text).split())


class _Parsable(Protocol):
    """A domain type that is read from a text; `parse` raises InvalidValue."""

    @classmethod
    def parse(cls, raw: str) -> Self: ...


V = TypeVar("V", bound=_Parsable)


def parsed(name: str, kind: type[V], raw: str) -> V:
    """Return the value that a person typed for `name`. Raises Refusal with that name."""
    try:
        return kind.parse(raw)
    except InvalidValue as invalid:
        raise Refusal(f"{name}: {invalid.message}") from None


def require_confirmation(question: str, refusal: str) -> None:
    """Ask for confirmation. Raises Refusal without a terminal to ask on, click.Abort when the response is no."""
    if not sys.stdin.isatty():
        raise Refusal(f"{refusal}: there is no terminal to confirm it. Repeat with --yes.")
    click.confirm(question, abort=True, err=True)
