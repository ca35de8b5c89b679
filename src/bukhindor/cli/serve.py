"""bukhindor serve: the HTTP service, as one process or as several under a supervisor."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import click

from bukhindor import BUILD
from bukhindor.cli.access import read_settings
from bukhindor.cli.refusal import refusals
from bukhindor.config import LogFormat, Settings
from bukhindor.server.assignment import Assignment

# A worker closes its stores within 10 seconds after the time for requests has passed.
_CLOSING_SECONDS = 12.0

Options = Mapping[str, str | int | None]


@click.command("serve")
@click.option("--host", help="Instead of SERVER_HOST.")
@click.option("--port", type=int, help="Instead of SERVER_PORT.")
@click.option("--workers", type=int, help="Instead of WORKERS.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Run the service until SIGTERM or Ctrl-C. With MIGRATE_ON_START it first migrates the schema.

    With several workers, SIGHUP replaces them one after the other.
    """
    from bukhindor.adapters.system.log_output import configure_logging

    options: Options = {"SERVER_HOST": host, "SERVER_PORT": port, "WORKERS": workers}
    settings = read_settings(options)
    configure_logging(settings.monitoring.log_level, settings.monitoring.log_format)
    _warn(settings)
    alone = settings.server.workers == 1
    ctx.exit(_serve(settings, partial(_announce, settings)) if alone else _supervise(settings, options))


def _warn(settings: Settings) -> None:
    """Log settings that work, but are probably not intended: one line each."""
    import structlog

    log = structlog.get_logger("bukhindor")
    for variable in settings.unknown_variables:
        log.warning(str(variable))
    if settings.mail.drops_mails:
        log.warning("mails are dropped: SMTP_URL is not set and DEV_MAILBOX is off")


def _serve(
    settings: Settings, on_listening: Callable[..., None] | None = None, assignment: Assignment | None = None
) -> int:
    from bukhindor.bootstrap.application import create_application
    from bukhindor.server.graceful import GracefulServer

    replaces = assignment is not None and assignment.replaces
    application = create_application(settings, exposes_metrics=assignment is None, replaces=replaces)

    def announce(address: str) -> None:
        if on_listening is not None:
            on_listening(address, is_ready=not application.is_hindered())

    return GracefulServer(
        application.web,
        settings.server.hosts,
        settings.server.port,
        refuse=application.refuse,
        shutdown_timeout=settings.server.shutdown_timeout.total_seconds(),
        drain_delay=settings.server.shutdown_delay.total_seconds(),
        resources=application.running,
        on_drain=application.services.health.drain,
        on_ready=announce,
        assignment=assignment,
    ).run_until_stopped()


def _supervise(settings: Settings, options: Options) -> int:
    """This process serves no requests itself and does not load the web framework."""
    from bukhindor.server.listener import addresses_of, open_listeners
    from bukhindor.server.supervisor import Patience, Supervisor

    with _metrics_of_workers(settings) as on_worker_end:
        listeners = open_listeners(settings.server.hosts, settings.server.port)
        address = addresses_of(listeners, settings.server.hosts)
        return Supervisor(
            listeners,
            settings.server.workers,
            partial(_work, options),
            Patience(stop=settings.server.shutdown_timeout.total_seconds() + _CLOSING_SECONDS),
            on_ready=lambda: _announce(settings, address),
            on_worker_end=on_worker_end,
        ).run_until_stopped()


def _metrics_of_workers(settings: Settings) -> AbstractContextManager[Callable[[int], None]]:
    if settings.monitoring.metrics_port is None:
        return nullcontext(lambda pid: None)
    from bukhindor.adapters.prometheus.exposition import workers_exposed

    return workers_exposed(settings.server.metrics_host, settings.monitoring.metrics_port)


def _work(options: Options, assignment: Assignment) -> int:
    """The work of a worker process. It reads the settings itself, so that a new worker sees changed ones."""
    import structlog

    from bukhindor.adapters.system.log_output import configure_logging

    try:
        with refusals():
            # The first worker migrates for all.
            settings = read_settings(options if assignment.first else {**options, "MIGRATE_ON_START": "false"})
            configure_logging(settings.monitoring.log_level, settings.monitoring.log_format)
            structlog.contextvars.bind_contextvars(worker=assignment.number)
            return _serve(settings, assignment=assignment)
    except click.ClickException as refusal:
        refusal.show()
        return refusal.exit_code


def _announce(settings: Settings, address: str, *, is_ready: bool = True) -> None:
    """Log one line: the address it listens on, the documentation, the mails, the database, the environment."""
    import structlog

    docs = f"{settings.server.public_url}/docs" if settings.server.docs else ""
    mails = f"{settings.server.public_url}/dev/mailbox" if settings.mail.has_dev_mailbox else ""
    if settings.monitoring.log_format is LogFormat.JSON:
        structlog.get_logger("bukhindor").info(
            "listening",
            address=address,
            **({"docs": docs} if docs else {}),
            **({"mails": mails} if mails else {}),
            database=str(settings.store.database),
            environment=settings.environment.value,
            **({} if is_ready else {"is_ready": False}),
            version=BUILD,
        )
        return
    place = address if is_ready else f"{address}, but is not ready"
    pages = "".join(f", {what} at {url}" for what, url in (("documentation", docs), ("mails", mails)) if url)
    click.echo(
        f"Bukhindor {BUILD} listens on {place}{pages} (database {settings.store.database}, {settings.environment})"
    )
