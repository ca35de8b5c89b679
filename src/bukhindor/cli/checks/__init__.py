"""The checks of `bukhindor doctor`. They change no data; what is missing stays missing."""

import time
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.checks import embedded, program
from bukhindor.cli.checks.disk import data_folder
from bukhindor.cli.checks.mail import mail, mail_queue, mail_templates
from bukhindor.cli.checks.review_accounts import review_accounts
from bukhindor.cli.checks.signing_keys import Stored, signing_keys
from bukhindor.cli.findings import Finding, State
from bukhindor.config import ConfigurationError, Settings
from bukhindor.domain.email_address import EmailAddress

MOUNT_TABLE = Path("/proc/mounts")


def of_bad_configuration(error: ConfigurationError) -> Iterator[Finding]:
    """The findings when the configuration can't be used."""
    yield from program.versions()
    yield embedded.library()
    for problem in error.problems:
        yield Finding("configuration", State.PROBLEM, problem)
    yield from program.unknown_variables(error.hints)


def of_installation(settings: Settings, recipient: EmailAddress | None, *, app_links: bool) -> Iterator[Finding]:
    """Every check, in the order in which one builds on another; a test mail goes to `recipient`. With `app_links` the
    files that phones read are fetched from the addresses of this installation.
    """
    wall = SystemClock()
    begun, begun_steadily = wall.now(), time.monotonic()
    yield from program.versions()
    if settings.store.database.is_embedded:
        yield embedded.library()
    yield program.configuration(settings)
    yield from program.unknown_variables(tuple(map(str, settings.unknown_variables)))
    if settings.store.database.is_embedded or not settings.accounts.jwt_secrets:
        yield data_folder(settings, MOUNT_TABLE)
    stored = yield from _database(settings, wall)
    if stored is not None:
        yield signing_keys(settings, stored.keys)
        yield from review_accounts(settings.ways_in, stored.users, begun)
    yield from _limits(settings)
    yield mail(settings, recipient)
    yield from mail_templates(settings)
    if settings.identities.providers:
        yield from _identity_providers(settings, begun)
    if stored is not None and stored.waiting_mails + stored.failed_mails:
        yield mail_queue(stored)
    if app_links:
        yield from _app_links(settings)
    now = wall.now()
    jump = now - begun - timedelta(seconds=time.monotonic() - begun_steadily)
    yield program.clock(now, jump, () if stored is None else stored.keys)


def _database(settings: Settings, wall: SystemClock) -> Generator[Finding, None, Stored | None]:
    database = settings.store.database
    if isinstance(database, SqliteUrl):
        return (yield from embedded.checks(database.path, settings.ways_in.review_accounts))
    # The drivers take time to load; only users who need them should wait for it.
    from bukhindor.cli.checks import postgres

    return (yield from postgres.checks(settings, database, wall.now))


def _limits(settings: Settings) -> Iterator[Finding]:
    if settings.limiting.redis is not None:
        yield from _redis(settings.limiting.redis)
    elif not settings.store.database.is_embedded:
        yield program.limits_without_redis(settings)


def _identity_providers(settings: Settings, now: datetime) -> Iterator[Finding]:
    from bukhindor.cli.checks import identity_providers

    yield from identity_providers.checks(settings, now)


def _app_links(settings: Settings) -> Iterator[Finding]:
    from bukhindor.cli.checks import app_links

    yield from app_links.checks(settings)


def _redis(server: RedisServer) -> Iterator[Finding]:
    from bukhindor.cli.checks import redis

    yield from redis.checks(server)
