"""How a command says no: one clear line on standard error, and an exit code."""

import os
import sys
from typing import IO, Any

import click

from bukhindor.config import ConfigurationError
from bukhindor.domain.errors import BukhindorError, InvalidInput

REFUSED = 1
MISCONFIGURED = 2


class Refusal(click.ClickException):
    """Ends the command with 1, after its lines are on standard error."""

    exit_code = REFUSED

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class Misconfiguration(Refusal):
    """Ends the command with 2."""

    exit_code = MISCONFIGURED


class Program(click.Group):
    """The outermost group: whatever a command raises ends here."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("LOG_LEVEL", "").lower() == "debug":
                raise
            raise _refusal(error) from error


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, ConfigurationError):
        return Misconfiguration(*error.problems)
    if isinstance(error, InvalidInput):
        return Refusal(*(f"{problem.field}: {problem.message}" for problem in error.errors))
    if isinstance(error, BukhindorError):
        return Refusal(str(error))
    return Refusal(_one_line(error))


def _one_line(error: Exception) -> str:
    """What went wrong, without anything secret that the message may quote."""
    # These take a while to load, which only a failing command has to wait for.
    from bukhindor.adapters.prometheus.exposition import CannotExpose
    from bukhindor.adapters.sql.unusable import DatabaseUnusable
    from bukhindor.adapters.system.log_redaction import redacted_text
    from bukhindor.web.server.listener import CannotListen

    if isinstance(error, DatabaseUnusable | CannotListen | CannotExpose):
        text = str(error)
    elif isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = f"This went wrong: {error} ({type(error).__name__}); LOG_LEVEL=debug shows where."
    return " ".join(redacted_text(text).split())


def require_confirmation(question: str, refusal: str) -> None:
    """Ask a person. Raises Refusal when nobody is here to answer, click.Abort when the answer is no."""
    if not sys.stdin.isatty():
        raise Refusal(f"{refusal}: nobody is here to confirm it. Repeat with --yes.")
    click.confirm(question, abort=True, err=True)
