"""bukhindor serve: the HTTP service."""

import click

from bukhindor import __version__
from bukhindor.cli.access import read_settings
from bukhindor.config import LogFormat, Settings


@click.command("serve")
@click.option("--host", help="Instead of SERVER_HOST.")
@click.option("--port", type=int, help="Instead of SERVER_PORT.")
@click.option("--workers", type=int, help="Instead of WORKERS.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Run the service until SIGTERM or Ctrl-C; the schema is brought up to date first."""
    from bukhindor.adapters.system.log_output import configure_logging
    from bukhindor.bootstrap import create_application
    from bukhindor.web.server import run_server

    settings = read_settings({"SERVER_HOST": host, "SERVER_PORT": port, "WORKERS": workers})
    configure_logging(settings.log_level, settings.log_format)
    application = create_application(settings)
    exit_code = run_server(
        application.web,
        settings.server_host,
        settings.server_port,
        shutdown_timeout=settings.shutdown_timeout.total_seconds(),
        drain_delay=settings.shutdown_delay.total_seconds(),
        on_drain=application.services.health.drain,
        on_ready=lambda address: _announce(settings, address),
    )
    ctx.exit(exit_code)


def _announce(settings: Settings, address: str) -> None:
    """One line in the form of the log: where it listens, the documentation, the database, the environment."""
    import structlog

    docs = f"{settings.public_url}/docs"
    if settings.log_format is LogFormat.JSON:
        structlog.get_logger("bukhindor").info(
            "listening",
            address=address,
            docs=docs,
            database=str(settings.database_file),
            environment=settings.environment.value,
            version=__version__,
        )
        return
    click.echo(
        f"Bukhindor {__version__} listens on {address}, documentation at {docs} "
        f"(database {settings.database_file}, {settings.environment})"
    )
