"""bukhindor serve: the HTTP service, as one process or as several that a supervisor looks after."""

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

import click

from bukhindor import __version__
from bukhindor.cli.access import read_settings
from bukhindor.config import LogFormat, Settings
from bukhindor.server.worker_channel import REPLACES, Assignment


@click.command("serve")
@click.option("--host", help="Instead of SERVER_HOST.")
@click.option("--port", type=int, help="Instead of SERVER_PORT.")
@click.option("--workers", type=int, help="Instead of WORKERS.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Run the service until SIGTERM or Ctrl-C; with MIGRATE_ON_START the schema is brought up to date first.

    With several workers, SIGHUP replaces them one after the other.
    """
    from bukhindor.adapters.system.log_output import configure_logging

    assignment = Assignment.take(os.environ)
    settings = read_settings({"SERVER_HOST": host, "SERVER_PORT": port, "WORKERS": workers})
    configure_logging(settings.monitoring.log_level, settings.monitoring.log_format)
    if assignment is not None:
        ctx.exit(_work(settings, assignment))
    _warn(settings)
    ctx.exit(_serve_alone(settings) if settings.server.workers == 1 else _supervise(settings))


def _warn(settings: Settings) -> None:
    """What works, but hardly as it was meant: one line of the log each."""
    import structlog

    log = structlog.get_logger("bukhindor")
    for variable in settings.unknown_variables:
        log.warning(str(variable))
    if settings.mail.drops_mails:
        log.warning("mails are dropped: SMTP_URL is not set and DEV_MAILBOX is off")


def _serve_alone(settings: Settings) -> int:
    from bukhindor.bootstrap.application import create_application
    from bukhindor.server.graceful import GracefulServer

    application = create_application(settings)
    return GracefulServer(
        application.web,
        settings.server.host,
        settings.server.port,
        refusal_format=application.refusal_format,
        shutdown_timeout=settings.server.shutdown_timeout.total_seconds(),
        drain_delay=settings.server.shutdown_delay.total_seconds(),
        on_drain=application.services.health.drain,
        on_ready=lambda address: _announce(settings, address),
    ).run_until_stopped()


def _supervise(settings: Settings) -> int:
    """This process serves nothing itself: it stays without the web framework and starts others like it."""
    from bukhindor.server.listener import address_of, open_listeners
    from bukhindor.server.replacement import Patience
    from bukhindor.server.supervisor import Supervisor

    with _metrics_of_workers(settings) as metrics:
        listeners = open_listeners(settings.server.host, settings.server.port)
        address = address_of(listeners[0], settings.server.host)
        return Supervisor(
            [sys.executable, *sys.orig_argv[1:]],
            listeners,
            settings.server.workers,
            # A worker closes its stores within 10 seconds, after the time for requests is over.
            Patience(stop=settings.server.shutdown_timeout.total_seconds() + 12.0),
            on_ready=lambda: _announce(settings, address),
            on_worker_end=metrics.worker_ended,
            environment=metrics.environment,
            # The first worker migrates for all.
            later_environment={"MIGRATE_ON_START": "false"},
            replacing_environment={REPLACES: "yes"},
        ).run()


class _NoMetrics:
    """What workers leave is of no interest."""

    environment: ClassVar[Mapping[str, str]] = {}

    def worker_ended(self, process_id: int) -> None:
        """Nothing to keep."""


def _metrics_of_workers(settings: Settings) -> AbstractContextManager[Any]:
    if settings.monitoring.metrics_port is None:
        return nullcontext(_NoMetrics())
    from bukhindor.bootstrap.workers_metrics import merged_metrics

    return merged_metrics(settings.server.host, settings.monitoring.metrics_port)


def _work(settings: Settings, assignment: Assignment) -> int:
    import structlog

    from bukhindor.bootstrap.application import create_application
    from bukhindor.server.worker import WorkerServer

    structlog.contextvars.bind_contextvars(worker=assignment.number)
    application = create_application(settings, exposes_metrics=False, replaces=REPLACES in os.environ)
    return WorkerServer(
        application.web,
        assignment,
        refusal_format=application.refusal_format,
        shutdown_timeout=settings.server.shutdown_timeout.total_seconds(),
        drain_delay=settings.server.shutdown_delay.total_seconds(),
        on_drain=application.services.health.drain,
    ).run_until_stopped()


def _announce(settings: Settings, address: str) -> None:
    """One line in the form of the log: where it listens, the documentation, the database, the environment."""
    import structlog

    docs = f"{settings.server.public_url}/docs"
    if settings.monitoring.log_format is LogFormat.JSON:
        structlog.get_logger("bukhindor").info(
            "listening",
            address=address,
            docs=docs,
            database=str(settings.store.database),
            environment=settings.environment.value,
            version=__version__,
        )
        return
    click.echo(
        f"Bukhindor {__version__} listens on {address}, documentation at {docs} "
        f"(database {settings.store.database}, {settings.environment})"
    )
