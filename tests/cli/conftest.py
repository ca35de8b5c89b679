"""Every command runs in an empty folder, with none of this machine's settings."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bukhindor.adapters.smtp.mailer import Patience
from bukhindor.cli import main
from bukhindor.config import Settings
from tests.process_logging import restored_logging

__all__ = ["restored_logging"]

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable, _, _ in Settings.read({}, None).variables:
        monkeypatch.delenv(variable, raising=False)
    # One thread for hashing is enough, and an idle machine may have dozens of cores.
    monkeypatch.setenv("HASH_WORKERS", "1")
    return tmp_path


@pytest.fixture
def bukhindor() -> Command:
    """Run a command in this process: `bukhindor("users", "list", stdin="…")`."""

    def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, prog_name="bukhindor")

    return run


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """`bukhindor doctor` waits as long as it takes, and reports no response as slow: this machine may be busy."""
    for name in ("embedded", "postgres", "redis", "identity_providers"):
        monkeypatch.setattr(import_module(f"bukhindor.cli.checks.{name}"), "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(import_module("bukhindor.cli.checks.mail"), "PATIENCE", Patience(60.0, 60.0))
    monkeypatch.setattr(import_module("bukhindor.cli.checks.redis"), "_SLOW_SECONDS", 60.0)
